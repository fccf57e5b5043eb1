#include "config/formats.h"

#include <arpa/inet.h>

#include <array>
#include <charconv>

#include "config/report.h"
#include "config/scalars.h"
#include "core/nearest.h"

namespace ferrule::config {

namespace {

bool word_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.';
}

bool made_of_word_letters(std::string_view text) {
  for (const char c : text) {
    if (!word_letter(c)) return false;
  }
  return !text.empty();
}

Status invalid(std::string what) { return {Fault::invalid, std::move(what)}; }

bool parse_port(std::string_view text, uint16_t& port) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  return error == std::errc() && end == text.data() + text.size();
}

bool good_host(std::string_view host, bool bracketed) {
  for (const char c : host) {
    if (!word_letter(c) && !(bracketed && (c == ':' || c == '%'))) return false;
  }
  return !host.empty();
}

// host, host:port, [::1], [::1]:port. False: none of these. The port stays as it is where none is written.
bool split_host_port(std::string_view text, HostPort& to, bool& has_port) {
  std::string_view host = text;
  std::string_view rest;
  const bool bracketed = text.starts_with('[');
  if (bracketed) {
    const size_t close = text.find(']');
    if (close == std::string_view::npos) return false;
    host = text.substr(1, close - 1);
    rest = text.substr(close + 1);
  } else if (const size_t colon = text.find(':'); colon != std::string_view::npos) {
    host = text.substr(0, colon);
    rest = text.substr(colon);
  }
  has_port = !rest.empty();
  if (has_port && (rest.front() != ':' || !parse_port(rest.substr(1), to.port))) return false;
  to.host = host;
  return good_host(host, bracketed);
}

Status check_topic_words(std::string_view text, std::span<const std::string_view> words) {
  if (text.empty() || text.size() > 1024) return invalid("a topic has 1 to 1024 letters");
  if (text.find_first_of("+#") != std::string_view::npos) {
    return invalid(cited(text) + " has a wildcard: a message is published to one topic, without '+' and '#'");
  }
  if (text.front() == '/' || text.back() == '/' || text.find("//") != std::string_view::npos) {
    return invalid(cited(text) + " has an empty level: remove the '/' too many");
  }
  size_t at = 0;
  std::string list;
  for (const std::string_view word : words) list += (list.empty() ? "{" : " and {") + std::string(word) + "}";
  while ((at = text.find_first_of("{}", at)) != std::string_view::npos) {
    const auto placeholder = find_placeholder(text, at);
    if (!placeholder || placeholder->at != at) return invalid(cited(text) + " has a stray '{' or '}'; known are " + list);
    bool known = false;
    for (const std::string_view word : words) known = known || word == placeholder->word;
    if (!known) {
      const std::string guess = did_you_mean(placeholder->word, words);
      return invalid("unknown '{" + std::string(placeholder->word) + "}'" + (guess.empty() ? "; known are " + list : guess));
    }
    at += placeholder->length;
  }
  return {};
}

}  // namespace

Result<HostPort> parse_host_port(std::string_view text) {
  HostPort parsed;
  bool has_port = false;
  if (split_host_port(text, parsed, has_port) && has_port) return parsed;
  return invalid(cited(text) + " is not address:port; write it like 127.0.0.1:8080 or [::1]:8080");
}

Result<BrokerUrl> parse_broker_url(std::string_view text) {
  const std::string remedy = "; write it like mqtt://192.168.1.5:1883 or mqtts://broker.example:8883";
  BrokerUrl url;
  std::string_view rest;
  if (text.starts_with("mqtt://")) {
    rest = text.substr(7);
    url.at.port = 1883;
  } else if (text.starts_with("mqtts://")) {
    rest = text.substr(8);
    url.tls = true;
    url.at.port = 8883;
  } else {
    return invalid(cited(text) + " begins with neither mqtt:// nor mqtts://" + remedy);
  }
  if (rest.find('@') != std::string_view::npos) {
    return invalid("an account does not belong into the address: write `username` and `password: !secret NAME` beside it");
  }
  bool has_port = false;
  if (rest.ends_with('/')) rest.remove_suffix(1);
  if (!split_host_port(rest, url.at, has_port) || url.at.port == 0)
    return invalid(cited(text) + " is no address of a broker" + remedy);
  return url;
}

Result<Deadband> parse_deadband(std::string_view text) {
  const bool percent = text.ends_with('%');
  const auto number = parse_number(percent ? text.substr(0, text.size() - 1) : text);
  if (!number || *number < 0) return invalid(cited(text) + " must be a number or a share, not below 0, such as 0.2 or 1%");
  Deadband band;
  (percent ? band.percent : band.absolute) = *number;
  return band;
}

Result<Assignment> parse_assignment(std::string_view text) {
  const auto trimmed = [](std::string_view part) {
    const size_t from = part.find_first_not_of(" \t\n");
    if (from == std::string_view::npos) return std::string_view();
    return part.substr(from, part.find_last_not_of(" \t\n") - from + 1);
  };
  const size_t equals = text.find('=');
  const std::string_view target = trimmed(text.substr(0, equals));
  const size_t dot = target.find('.');
  const std::string remedy = "; write it like `plant.power_avg = avg(meter_1.power, 15min)`";
  if (equals == std::string_view::npos || dot == std::string_view::npos) return invalid(cited(text) + " sets no tag" + remedy);
  Assignment parsed{std::string(target.substr(0, dot)), std::string(target.substr(dot + 1)), trimmed(text.substr(equals + 1)), 0};
  for (const std::string& name : {parsed.device, parsed.tag}) {
    if (const Status status = check_name(name); !status) return status;
  }
  if (parsed.value.empty() || parsed.value.front() == '=') return invalid(cited(text) + " says no value after '='" + remedy);
  parsed.value_at = static_cast<size_t>(parsed.value.data() - text.data());
  return parsed;
}

Status check_listen(std::string_view text) {
  const auto at = parse_host_port(text);
  if (!at) return at.status();
  std::array<unsigned char, sizeof(in6_addr)> address{};
  const std::string host(at->host);
  const bool is_address = host == "localhost" || ::inet_pton(AF_INET, host.c_str(), address.data()) == 1 ||
                          ::inet_pton(AF_INET6, host.c_str(), address.data()) == 1;
  if (is_address) return {};
  return invalid(cited(host) + " is not an address: write that of one of this machine's networks, 127.0.0.1 or 0.0.0.0 for all");
}

Status check_broker_url(std::string_view text) { return parse_broker_url(text).status(); }
Status check_deadband(std::string_view text) { return parse_deadband(text).status(); }
Status check_assignment(std::string_view text) { return parse_assignment(text).status(); }

Status check_topic(std::string_view text) {
  constexpr std::array<std::string_view, 2> kWords{"gateway", "device"};
  return check_topic_words(text, kWords);
}

Status check_state_topic(std::string_view text) {
  constexpr std::array<std::string_view, 1> kWords{"gateway"};
  return check_topic_words(text, kWords);
}

Status check_gateway_id(std::string_view text) {
  if (made_of_word_letters(text) && text.size() <= 64) return {};
  return invalid(cited(text) + " must be 1 to 64 letters, digits, '.', '_' or '-', such as plant7-line2");
}

Status check_profile_name(std::string_view text) {
  const bool climbs = text.starts_with('.') || text.find("/.") != std::string_view::npos;
  bool fits = !text.empty() && text.size() <= 200 && text.front() != '/' && text.back() != '/' && !climbs;
  for (const char c : text) fits = fits && (word_letter(c) || c == '/');
  if (fits) return {};
  return invalid(cited(text) + " is no name of a profile; write it like eastron/sdm630");
}

Status check_secret_name(std::string_view text) {
  if (made_of_word_letters(text) && text.size() <= 128 && text.front() != '.' && text.front() != '-') return {};
  return invalid(cited(text) + " is no name of a secret: use letters, digits, '.', '_' and '-', a letter or digit first");
}

Status check_integer(std::string_view text) {
  const auto number = parse_integer(text);
  return number ? Status() : invalid("each " + number.status().what());
}

}  // namespace ferrule::config

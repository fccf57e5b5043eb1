#include "rest/target.h"

#include <optional>

namespace ferrule {

namespace {

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

bool control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }

// Nothing when an escape is broken or hides a control character.
std::optional<std::string> decoded(std::string_view text, bool plus_is_space) {
  std::string out;
  out.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == '+' && plus_is_space) c = ' ';
    if (c == '%') {
      const int high = i + 2 < text.size() ? hex_digit(text[i + 1]) : -1;
      const int low = i + 2 < text.size() ? hex_digit(text[i + 2]) : -1;
      if (high < 0 || low < 0) return {};
      c = static_cast<char>(high * 16 + low);
      i += 2;
    }
    if (control(c)) return {};
    out += c;
  }
  return out;
}

// Calls `part` with each piece between separators; stops when it returns false.
template <class Part>
bool each_part(std::string_view text, char separator, Part part) {
  while (true) {
    const size_t end = text.find(separator);
    if (!part(text.substr(0, end))) return false;
    if (end == std::string_view::npos) return true;
    text.remove_prefix(end + 1);
  }
}

bool split_path(std::string_view path, Target& target) {
  path.remove_prefix(1);
  if (path.empty()) return true;
  return each_part(path, '/', [&](std::string_view part) {
    auto segment = decoded(part, false);
    if (segment) target.segments.push_back(std::move(*segment));
    return segment.has_value();
  });
}

bool split_query(std::string_view query, Target& target) {
  return each_part(query, '&', [&](std::string_view part) {
    if (part.empty()) return true;
    const size_t equals = part.find('=');
    auto key = decoded(part.substr(0, equals), true);
    auto value = decoded(equals == std::string_view::npos ? "" : part.substr(equals + 1), true);
    if (!key || !value) return false;
    target.query.emplace_back(std::move(*key), std::move(*value));
    return true;
  });
}

}  // namespace

std::vector<std::string> Target::all(std::string_view key) const {
  std::vector<std::string> values;
  for (const auto& [name, value] : query) {
    if (name == key) values.push_back(value);
  }
  return values;
}

Result<Target> parse_target(std::string_view text) {
  if (text.empty() || text.front() != '/') return {Fault::invalid, "the target of a request begins with '/'"};
  text = text.substr(0, text.find('#'));
  const size_t mark = text.find('?');
  Target target;
  target.path = text.substr(0, mark);
  if (!split_path(target.path, target) || (mark != std::string_view::npos && !split_query(text.substr(mark + 1), target))) {
    return {Fault::invalid, "the target has a broken % escape or a control character"};
  }
  return target;
}

std::string percent_encoded(std::string_view text) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  constexpr std::string_view kPlain = "-._~";
  std::string out;
  for (const char c : text) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (letter || kPlain.find(c) != std::string_view::npos) {
      out += c;
    } else {
      out += '%';
      out += kHex[static_cast<unsigned char>(c) >> 4];
      out += kHex[static_cast<unsigned char>(c) & 15];
    }
  }
  return out;
}

}  // namespace ferrule

#include "rest/guard.h"

#include <arpa/inet.h>

#include <algorithm>

namespace ferrule {

namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool same_word(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) { return lower(x) == lower(y); });
}

// "[::1]:8080" -> "::1", "localhost:8080" -> "localhost"
std::string_view without_port(std::string_view host) {
  if (!host.empty() && host.front() == '[') {
    const size_t end = host.find(']');
    return end == std::string_view::npos ? std::string_view{} : host.substr(1, end - 1);
  }
  return host.substr(0, host.find(':'));
}

bool is_address(std::string_view host) {
  unsigned char bytes[16];
  const std::string text(host);
  return inet_pton(AF_INET, text.c_str(), bytes) == 1 || inet_pton(AF_INET6, text.c_str(), bytes) == 1;
}

bool same_origin(std::string_view origin, std::string_view host) {
  constexpr std::string_view kScheme = "http://";
  return origin.starts_with(kScheme) && same_word(origin.substr(kScheme.size()), host);
}

}  // namespace

bool equal_in_constant_time(std::string_view secret, std::string_view given) {
  if (secret.size() != given.size()) return false;
  volatile unsigned char difference = 0;
  for (size_t i = 0; i < secret.size(); ++i) {
    difference =
        static_cast<unsigned char>(difference | (static_cast<unsigned char>(secret[i]) ^ static_cast<unsigned char>(given[i])));
  }
  return difference == 0;
}

bool Guard::ours(std::string_view host) const {
  const std::string_view name = without_port(host);
  if (name.empty()) return false;
  if (is_address(name) || same_word(name, "localhost") || same_word(name, configured_host_)) return true;
  return !machine_.empty() && (same_word(name, machine_) || same_word(name, machine_ + ".local"));
}

bool Guard::token_fits(std::string_view authorization) const {
  constexpr std::string_view kScheme = "bearer ";
  if (token_.empty() || authorization.size() <= kScheme.size()) return false;
  if (!same_word(authorization.substr(0, kScheme.size()), kScheme)) return false;
  return equal_in_constant_time(token_, authorization.substr(kScheme.size()));
}

std::optional<HttpReply> Guard::refuse_stranger(const HttpRequest& request) const {
  if (request.door == Door::unix_socket) return {};
  if (request.hosts != 1) return error_reply(400, "a request names its Host exactly once");
  if (!ours(request.host)) {
    return error_reply(421, "this gateway does not answer to that Host",
                       "use its address or localhost; behind a proxy, let the proxy send Host: localhost");
  }
  if (!request.origin.empty() && !same_origin(request.origin, request.host)) {
    return error_reply(403, "pages of another origin may not use this API");
  }
  return {};
}

std::optional<HttpReply> Guard::refuse_without_token(const HttpRequest& request) const {
  if (request.door == Door::unix_socket || token_fits(request.authorization)) return {};
  if (token_.empty())
    return error_reply(401, "writing over TCP is off: no token file is set", "use the command line on the machine");
  const std::string_view error =
      request.authorization.empty() ? "this needs the gateway's token" : "that is not the gateway's token";
  return error_reply(401, error, "send `Authorization: Bearer <token>`; the token is in the file that rest.token_file names");
}

}  // namespace ferrule

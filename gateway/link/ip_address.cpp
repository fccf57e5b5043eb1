#include "link/ip_address.h"

#include <arpa/inet.h>

#include <array>

namespace ferrule {

std::optional<std::string> canonical_ip(const std::string& text) {
  constexpr size_t kMappedAt = 12;  // where the IPv4 address stands in ::ffff:10.0.0.1
  in6_addr bytes{};
  int family = inet_pton(AF_INET, text.c_str(), &bytes) == 1 ? AF_INET : AF_INET6;
  if (family == AF_INET6 && inet_pton(AF_INET6, text.c_str(), &bytes) != 1) return std::nullopt;
  const bool mapped = family == AF_INET6 && IN6_IS_ADDR_V4MAPPED(&bytes);
  if (mapped) family = AF_INET;
  std::array<char, INET6_ADDRSTRLEN> written{};
  inet_ntop(family, bytes.s6_addr + (mapped ? kMappedAt : 0), written.data(), written.size());
  return std::string(written.data());
}

}  // namespace ferrule

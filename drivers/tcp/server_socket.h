// Sockets that wait for devices, and the addresses of those that come.
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <cstdint>
#include <string>

#include "core/status.h"
#include "link/descriptor.h"
#include "sdk/fields.h"

namespace ferrule::tcp {

// A bound socket (TCP: listening), non-blocking. The Status says what to do: "port 9000 is taken: ...".
Result<Descriptor> server_socket(const Fields& listen);
uint16_t local_port(int fd);

// An IP address without its port; IPv4 within IPv6 counts as IPv4.
struct PeerAddress {
  std::array<uint8_t, 16> bytes{};
  bool operator==(const PeerAddress&) const = default;
};
struct PeerAddressHash {
  size_t operator()(const PeerAddress& address) const noexcept;
};
PeerAddress address_of(const sockaddr_storage& from);
std::string to_text(const PeerAddress& address);

// The process may have that many more descriptors, where the hard limit allows; what it may have then.
uint64_t want_descriptors(uint64_t more);

}  // namespace ferrule::tcp

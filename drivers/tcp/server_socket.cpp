#include "tcp/server_socket.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <sys/resource.h>

#include <cerrno>
#include <cstring>
#include <string_view>
#include <system_error>

namespace ferrule::tcp {

namespace {

constexpr int kBacklog = 4096;
constexpr int kUdpBuffer = 4 << 20;  // a burst of thousands of datagrams; the kernel caps it at its own limit
constexpr uint64_t kOthers = 512;    // descriptors of the rest of the program

constexpr std::array<uint8_t, 12> kMapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

std::string remedy(int error) {
  switch (error) {
    case EADDRINUSE: return ": another program, or another channel, listens there";
    case EACCES: return ": ports below 1024 need a privilege; take a higher one";
    case EADDRNOTAVAIL: return ": this is none of the gateway's own addresses";
    default: return "";
  }
}

struct ServerAddress {
  sockaddr_storage storage{};
  socklen_t size = 0;
};

bool parse_address(const std::string& text, uint16_t port, ServerAddress& address) {
  auto* four = reinterpret_cast<sockaddr_in*>(&address.storage);
  auto* six = reinterpret_cast<sockaddr_in6*>(&address.storage);
  if (inet_pton(AF_INET, text.c_str(), &four->sin_addr) == 1) {
    four->sin_family = AF_INET;
    four->sin_port = htons(port);
    address.size = sizeof *four;
    return true;
  }
  address.storage = {};
  if (inet_pton(AF_INET6, text.c_str(), &six->sin6_addr) != 1) return false;
  six->sin6_family = AF_INET6;
  six->sin6_port = htons(port);
  address.size = sizeof *six;
  return true;
}

}  // namespace

Result<Descriptor> server_socket(const Fields& listen) {
  const std::string where = listen.text("address");
  const auto port = static_cast<uint16_t>(listen.integer("port"));
  const bool udp = listen.text("protocol") == "udp";
  const std::string name = (udp ? "udp " : "") + where + ":" + std::to_string(port);
  const auto failed = [&](int error) {
    return Status(Fault::io, static_cast<uint16_t>(error), name + ": " + std::generic_category().message(error) + remedy(error));
  };
  ServerAddress address;
  if (!parse_address(where, port, address)) return {Fault::invalid, "'" + where + "' is no IP address"};
  Descriptor socket(::socket(address.storage.ss_family, (udp ? SOCK_DGRAM : SOCK_STREAM) | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!socket.open()) return failed(errno);
  const auto set = [&](int level, int option, int value) { (void)setsockopt(socket.fd(), level, option, &value, sizeof value); };
  if (!udp) set(SOL_SOCKET, SO_REUSEADDR, 1);
  if (udp) set(SOL_SOCKET, SO_RCVBUF, kUdpBuffer);
  if (::bind(socket.fd(), reinterpret_cast<const sockaddr*>(&address.storage), address.size) != 0) return failed(errno);
  if (!udp && ::listen(socket.fd(), kBacklog) != 0) return failed(errno);
  return socket;
}

uint16_t local_port(int fd) {
  sockaddr_storage storage{};
  socklen_t size = sizeof storage;
  if (getsockname(fd, reinterpret_cast<sockaddr*>(&storage), &size) != 0) return 0;
  return ntohs(storage.ss_family == AF_INET ? reinterpret_cast<sockaddr_in*>(&storage)->sin_port
                                            : reinterpret_cast<sockaddr_in6*>(&storage)->sin6_port);
}

size_t PeerAddressHash::operator()(const PeerAddress& address) const noexcept {
  return std::hash<std::string_view>{}({reinterpret_cast<const char*>(address.bytes.data()), address.bytes.size()});
}

PeerAddress address_of(const sockaddr_storage& from) {
  PeerAddress address;
  if (from.ss_family == AF_INET) {
    std::memcpy(address.bytes.data(), kMapped.data(), kMapped.size());
    std::memcpy(address.bytes.data() + kMapped.size(), &reinterpret_cast<const sockaddr_in&>(from).sin_addr, 4);
  } else if (from.ss_family == AF_INET6) {
    std::memcpy(address.bytes.data(), &reinterpret_cast<const sockaddr_in6&>(from).sin6_addr, 16);
  }
  return address;
}

std::string to_text(const PeerAddress& address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  const bool four = std::memcmp(address.bytes.data(), kMapped.data(), kMapped.size()) == 0;
  inet_ntop(four ? AF_INET : AF_INET6, address.bytes.data() + (four ? kMapped.size() : 0), text.data(), text.size());
  return text.data();
}

uint64_t want_descriptors(uint64_t more) {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return 0;
  const rlim_t wanted = std::min<rlim_t>(limit.rlim_max, more + kOthers);
  if (limit.rlim_cur < wanted) {
    limit.rlim_cur = wanted;
    (void)setrlimit(RLIMIT_NOFILE, &limit);
  }
  return limit.rlim_cur;
}

}  // namespace ferrule::tcp

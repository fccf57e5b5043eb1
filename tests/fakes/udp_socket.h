// A datagram socket on loopback, on a port of the system's choice, for tests.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <optional>
#include <stdexcept>
#include <string>

#include "link/descriptor.h"

namespace ferrule {

class UdpSocket {
 public:
  explicit UdpSocket(uint16_t port = 0) : socket_(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address = loopback(port);
    if (bind(socket_.fd(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) throw std::runtime_error("no port");
    socklen_t length = sizeof address;
    getsockname(socket_.fd(), reinterpret_cast<sockaddr*>(&address), &length);
    port_ = ntohs(address.sin_port);
  }
  uint16_t port() const { return port_; }
  int fd() const { return socket_.fd(); }

  struct Datagram {
    std::string bytes;
    uint16_t from = 0;
  };
  std::optional<Datagram> receive(int wait_ms) {
    pollfd ready{socket_.fd(), POLLIN, 0};
    if (poll(&ready, 1, wait_ms) <= 0) return std::nullopt;
    std::array<char, 65536> buffer;
    sockaddr_in from{};
    socklen_t length = sizeof from;
    const ssize_t count = recvfrom(socket_.fd(), buffer.data(), buffer.size(), 0, reinterpret_cast<sockaddr*>(&from), &length);
    if (count < 0) return std::nullopt;
    return Datagram{std::string(buffer.data(), static_cast<size_t>(count)), ntohs(from.sin_port)};
  }
  void send(const std::string& bytes, uint16_t to) {
    const sockaddr_in address = loopback(to);
    (void)sendto(socket_.fd(), bytes.data(), bytes.size(), 0, reinterpret_cast<const sockaddr*>(&address), sizeof address);
  }

 private:
  static sockaddr_in loopback(uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(port);
    return address;
  }
  Descriptor socket_;
  uint16_t port_ = 0;
};

}  // namespace ferrule

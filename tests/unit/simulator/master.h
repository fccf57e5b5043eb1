// A master over sockets and lines, and the frames that it and the plant exchange.
#pragma once

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>

#include <vector>

#include "simulator/descriptor.h"
#include "simulator/server_frame.h"

namespace ferrule {

inline simulator::Descriptor connect_to(uint16_t port, int buffers = 0) {
  simulator::Descriptor socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (buffers > 0) {
    ::setsockopt(socket.fd(), SOL_SOCKET, SO_RCVBUF, &buffers, sizeof buffers);
    ::setsockopt(socket.fd(), SOL_SOCKET, SO_SNDBUF, &buffers, sizeof buffers);
  }
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  EXPECT_EQ(::connect(socket.fd(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  return socket;
}

inline void send_all(const simulator::Descriptor& to, const std::vector<uint8_t>& bytes) {
  EXPECT_EQ(::write(to.fd(), bytes.data(), bytes.size()), static_cast<ssize_t>(bytes.size()));
}

// As many bytes as asked for; fewer when the other side closes or stays silent for `patience_ms`.
inline std::vector<uint8_t> receive(const simulator::Descriptor& from, size_t size, int patience_ms = 10'000) {
  std::vector<uint8_t> all;
  pollfd waiting{from.fd(), POLLIN, 0};
  while (all.size() < size && ::poll(&waiting, 1, patience_ms) > 0) {
    std::vector<uint8_t> part(size - all.size());
    const ssize_t got = ::read(from.fd(), part.data(), part.size());
    if (got <= 0) break;
    all.insert(all.end(), part.begin(), part.begin() + got);
  }
  return all;
}

inline std::vector<uint8_t> with_crc(std::vector<uint8_t> frame) {
  const uint16_t crc = simulator::crc16(frame);
  frame.push_back(static_cast<uint8_t>(crc));
  frame.push_back(static_cast<uint8_t>(crc >> 8));
  return frame;
}

inline std::vector<uint8_t> read_one(uint8_t transaction, uint8_t unit = 5) {
  return {0, transaction, 0, 0, 0, 6, unit, 3, 0, 0, 0, 1};
}
inline std::vector<uint8_t> answer_of(uint8_t transaction, uint8_t value) {
  return {0, transaction, 0, 0, 0, 5, 5, 3, 2, 0, value};
}

}  // namespace ferrule

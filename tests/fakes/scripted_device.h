// A hostile Modbus device: for each request a script decides, byte by byte, what comes back and when. Over TCP (many connections,
// one after the other) or on the far end of a pseudo terminal.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <functional>
#include <thread>
#include <vector>

#include "tests/fakes/serial_cable.h"

namespace ferrule {

// The checksum of RTU, written down a second time so that the driver's is not its own judge.
inline uint16_t modbus_crc(const uint8_t* bytes, size_t size) {
  uint16_t crc = 0xffff;
  for (size_t i = 0; i < size; ++i) {
    crc ^= bytes[i];
    for (int bit = 0; bit < 8; ++bit) crc = static_cast<uint16_t>((crc & 1) != 0 ? (crc >> 1) ^ 0xa001 : crc >> 1);
  }
  return crc;
}

inline Bytes rtu_frame(Bytes body) {
  const uint16_t crc = modbus_crc(body.data(), body.size());
  body.push_back(static_cast<uint8_t>(crc));
  body.push_back(static_cast<uint8_t>(crc >> 8));
  return body;
}

// `body` starts with the unit.
inline Bytes tcp_frame(uint16_t transaction, const Bytes& body) {
  Bytes frame{static_cast<uint8_t>(transaction >> 8), static_cast<uint8_t>(transaction), 0, 0,
              static_cast<uint8_t>(body.size() >> 8), static_cast<uint8_t>(body.size())};
  frame.insert(frame.end(), body.begin(), body.end());
  return frame;
}

// Unit, function, byte count and registers of a right answer to a read of registers.
inline Bytes read_answer(uint8_t unit, uint8_t function, const std::vector<uint16_t>& registers) {
  Bytes body{unit, function, static_cast<uint8_t>(registers.size() * 2)};
  for (const uint16_t one : registers) {
    body.push_back(static_cast<uint8_t>(one >> 8));
    body.push_back(static_cast<uint8_t>(one));
  }
  return body;
}

struct HeardRequest {
  uint16_t transaction = 0;  // TCP only
  Bytes body;                // unit, function, ...; without header and checksum
  uint8_t unit() const { return body[0]; }
  uint8_t function() const { return body[1]; }
  uint16_t address() const { return static_cast<uint16_t>(body[2] << 8 | body[3]); }
  uint16_t count() const { return static_cast<uint16_t>(body[4] << 8 | body[5]); }
};

class ScriptedDevice {
 public:
  class Peer {
   public:
    Peer(ScriptedDevice& device, int fd) : device_(device), fd_(fd) {}
    void send(const Bytes& bytes) const {  // to a socket or a terminal; a peer that is gone does no harm
      if (::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL) < 0 && errno == ENOTSOCK) {
        (void)!write(fd_, bytes.data(), bytes.size());
      }
    }
    void send_tcp(uint16_t transaction, const Bytes& body) const { send(tcp_frame(transaction, body)); }
    void send_rtu(const Bytes& body) const { send(rtu_frame(body)); }
    // Lets time pass as a slow device does; ends early when the test is over.
    void linger(std::chrono::milliseconds time) const {
      pollfd wanted{device_.wake_, POLLIN, 0};
      poll(&wanted, 1, static_cast<int>(time.count()));
    }
    void reset() {  // RST instead of FIN
      const linger_option option{1, 0};
      setsockopt(fd_, SOL_SOCKET, SO_LINGER, &option, sizeof option);
      closed_ = true;
    }
    void hang_up() { closed_ = true; }
    bool closed() const { return closed_; }

   private:
    using linger_option = struct linger;
    ScriptedDevice& device_;
    int fd_;
    bool closed_ = false;
  };
  using Script = std::function<void(Peer&, const HeardRequest&)>;  // called on the device's thread

  explicit ScriptedDevice(Script script, bool rtu = false) : script_(std::move(script)), rtu_(rtu) {
    listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address);
    listen(listener_, 8);
    socklen_t size = sizeof address;
    getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { accept_all(); });
  }
  // On the far end of a port; RTU.
  ScriptedDevice(const PseudoTerminal& terminal, Script script) : script_(std::move(script)), rtu_(true) {
    thread_ = std::thread([this, fd = terminal.master()] { serve(fd); });
  }
  ~ScriptedDevice() {
    eventfd_write(wake_, 1);
    thread_.join();
    if (listener_ >= 0) close(listener_);
    close(wake_);
  }
  ScriptedDevice(const ScriptedDevice&) = delete;
  ScriptedDevice& operator=(const ScriptedDevice&) = delete;

  uint16_t port() const { return port_; }
  int requests() const { return requests_; }
  int connections() const { return connections_; }

 private:
  bool ready(int fd) const {
    std::array<pollfd, 2> wanted{pollfd{wake_, POLLIN, 0}, pollfd{fd, POLLIN, 0}};
    return poll(wanted.data(), wanted.size(), -1) >= 0 && wanted[0].revents == 0;
  }
  void accept_all() {
    while (ready(listener_)) {
      const int fd = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      if (fd < 0) return;
      ++connections_;
      const int on = 1;
      setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
      serve(fd);
      close(fd);
    }
  }
  void serve(int fd) {
    Peer peer(*this, fd);
    Bytes heard;
    while (!peer.closed() && ready(fd)) {
      std::array<uint8_t, 512> lump{};
      const ssize_t got = read(fd, lump.data(), lump.size());
      if (got <= 0) return;
      heard.insert(heard.end(), lump.begin(), lump.begin() + got);
      for (size_t size = frame_size(heard); size != 0 && heard.size() >= size && !peer.closed(); size = frame_size(heard)) {
        HeardRequest request;
        if (!rtu_) request.transaction = static_cast<uint16_t>(heard[0] << 8 | heard[1]);
        const auto begin = heard.begin();
        request.body.assign(begin + (rtu_ ? 0 : 6), begin + static_cast<long>(size) - (rtu_ ? 2 : 0));
        heard.erase(begin, begin + static_cast<long>(size));
        ++requests_;
        script_(peer, request);
      }
    }
  }
  // 0: too few bytes to tell.
  size_t frame_size(const Bytes& heard) const {
    if (!rtu_) return heard.size() < 6 ? 0 : size_t{6} + heard[5];
    if (heard.size() < 8) return 0;
    return heard[1] < 15 ? 8 : size_t{9} + heard[6];
  }

  Script script_;
  const bool rtu_;
  int wake_ = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  int listener_ = -1;
  uint16_t port_ = 0;
  std::atomic<int> requests_{0};
  std::atomic<int> connections_{0};
  std::thread thread_;
};

}  // namespace ferrule

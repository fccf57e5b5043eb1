// The device side of streams.py: thousands of TCP connections to one listening channel of a gateway on this machine, good or bad.
//
//   bench_stream_load PORT CONNECTIONS
//
// Connects, says "connected", then does what it is told on its standard input, a line each, and answers with a line each:
//   steady SECONDS PERIOD   each connection sends a frame each PERIOD seconds, spread evenly     frames sent
//   burst FRAMES            so many frames within one second, spread evenly                      frames sent, worst lag behind
//   (ms) drip SECONDS PERIOD     each connection sends one byte each PERIOD seconds                   connections that were
//   closed flood MEGABYTES         on a connection of its own, bytes without an end                     bytes that were taken
//
// A frame is 64 bytes: "FRL1", number of the device, count of the frames of this device (high byte first, 4 bytes each), time of
// sending (us since 1970, 8 bytes), zeros.
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <iostream>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

namespace {

using Steady = std::chrono::steady_clock;
constexpr size_t kFrameSize = 64;

[[noreturn]] void fail(const std::string& what) {
  std::cerr << what << ": " << std::strerror(errno) << "\n";
  std::exit(1);
}

template <class Number>
void put(uint8_t* at, Number number) {
  for (size_t i = sizeof number; i-- > 0; number = static_cast<Number>(number >> 8)) at[i] = static_cast<uint8_t>(number);
}

int connect_to(uint16_t port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const int on = 1;
  if (fd < 0) fail("socket");
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) fail("connect");
  return fd;
}

class Load {
 public:
  Load(uint16_t port, size_t connections) : port_(port), counts_(connections, 0) {
    for (size_t i = 0; i < connections; ++i) fds_.push_back(connect_to(port));
  }

  size_t steady(double seconds, double period) {
    const auto frames = static_cast<size_t>(seconds / period * static_cast<double>(fds_.size()));
    return spread(frames, seconds);
  }

  // Frame i is due at i / frames of the time; late ones are sent at once.
  size_t spread(size_t frames, double seconds) {
    const auto begun = Steady::now();
    worst_lag_ms_ = 0;
    for (size_t i = 0; i < frames; ++i) {
      const auto due = begun + std::chrono::duration_cast<Steady::duration>(
                                   std::chrono::duration<double>(seconds * static_cast<double>(i) / static_cast<double>(frames)));
      const auto now = Steady::now();
      if (due - now > std::chrono::microseconds(200)) std::this_thread::sleep_until(due);
      worst_lag_ms_ = std::max(worst_lag_ms_, std::chrono::duration<double, std::milli>(now - due).count());
      send_frame(next_++ % fds_.size());
    }
    return frames;
  }

  size_t drip(double seconds, double period) {
    const auto begun = Steady::now();
    for (double at = 0; at < seconds; at += period) {
      std::this_thread::sleep_until(begun + std::chrono::duration_cast<Steady::duration>(std::chrono::duration<double>(at)));
      for (const int fd : fds_) (void)::send(fd, "x", 1, MSG_NOSIGNAL | MSG_DONTWAIT);
    }
    std::this_thread::sleep_until(begun + std::chrono::duration_cast<Steady::duration>(std::chrono::duration<double>(seconds)));
    return static_cast<size_t>(std::ranges::count_if(fds_, [](int fd) {
      char byte = 0;
      const ssize_t got = ::recv(fd, &byte, 1, MSG_DONTWAIT | MSG_PEEK);
      return got == 0 || (got < 0 && errno != EAGAIN);
    }));
  }

  size_t flood(size_t megabytes) const {
    const int fd = connect_to(port_);
    const std::vector<uint8_t> block(64 * 1024, 'x');
    size_t sent = 0;
    while (sent < megabytes << 20) {
      const ssize_t now = ::send(fd, block.data(), block.size(), MSG_NOSIGNAL);
      if (now <= 0) break;
      sent += static_cast<size_t>(now);
    }
    ::close(fd);
    return sent;
  }

  double worst_lag_ms() const { return worst_lag_ms_; }

 private:
  void send_frame(size_t device) {
    std::array<uint8_t, kFrameSize> frame{'F', 'R', 'L', '1'};
    put(&frame[4], static_cast<uint32_t>(device));
    put(&frame[8], ++counts_[device]);
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    put(&frame[12], static_cast<uint64_t>(std::chrono::duration_cast<std::chrono::microseconds>(now).count()));
    if (::send(fds_[device], frame.data(), frame.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(frame.size())) fail("send");
  }

  const uint16_t port_;
  std::vector<int> fds_;
  std::vector<uint32_t> counts_;
  size_t next_ = 0;
  double worst_lag_ms_ = 0;
};

void obey(Load& load, const std::string& line) {
  std::istringstream words(line);
  std::string what;
  double first = 0;
  double second = 1;
  words >> what >> first >> second;
  if (what == "steady") {
    std::cout << load.steady(first, second) << std::endl;
  } else if (what == "burst") {
    const size_t sent = load.spread(static_cast<size_t>(first), 1);
    std::cout << sent << " " << load.worst_lag_ms() << std::endl;
  } else if (what == "drip") {
    std::cout << load.drip(first, second) << std::endl;
  } else if (what == "flood") {
    std::cout << load.flood(static_cast<size_t>(first)) << std::endl;
  } else {
    fail("no such command: " + line);
  }
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 3) fail("usage: bench_stream_load PORT CONNECTIONS");
  rlimit files{};
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
  Load load(static_cast<uint16_t>(std::atoi(arguments[1])), static_cast<size_t>(std::atoi(arguments[2])));
  std::cout << "connected" << std::endl;
  for (std::string line; std::getline(std::cin, line);) obey(load, line);
  return 0;
}

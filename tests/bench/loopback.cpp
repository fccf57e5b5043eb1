// What the loopback itself carries: so many connections, each asking 12 bytes and taking 259 (a read of 125 registers), one
// exchange after the other, with nothing decoded. The asking side is one thread a connection, as in the gateway. Prints exchanges
// a second, and the asking side's processor time per exchange: what no gateway on this machine can do without.
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <thread>
#include <vector>

namespace {

constexpr size_t kQuestion = 12;
constexpr size_t kAnswer = 259;

bool all(int fd, size_t size, bool out) {
  std::array<char, kAnswer> bytes{};
  for (size_t done = 0; done < size;) {
    const ssize_t n = out ? send(fd, bytes.data(), size - done, MSG_NOSIGNAL) : recv(fd, bytes.data(), size - done, 0);
    if (n <= 0) return false;
    done += static_cast<size_t>(n);
  }
  return true;
}

// The device's side, a process of its own: one loop over all connections.
void answer(int listener, size_t connections) {
  std::vector<pollfd> open;
  for (size_t i = 0; i < connections; ++i) open.push_back({accept(listener, nullptr, nullptr), POLLIN, 0});
  while (true) {
    poll(open.data(), open.size(), -1);
    for (const pollfd& one : open) {
      if (one.revents != 0 && (!all(one.fd, kQuestion, false) || !all(one.fd, kAnswer, true))) _exit(0);
    }
  }
}

int ask_at(uint16_t port) {
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = port;
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  const int on = 1;
  if (connect(fd, reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0) return -1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return fd;
}

double cpu_seconds() {
  rusage used{};
  getrusage(RUSAGE_SELF, &used);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(used.ru_utime) + seconds(used.ru_stime);
}

void measure(size_t connections, int seconds) {
  const int listener = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in here{};
  here.sin_family = AF_INET;
  here.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof here;
  if (bind(listener, reinterpret_cast<const sockaddr*>(&here), size) != 0 || listen(listener, 1024) != 0) std::abort();
  getsockname(listener, reinterpret_cast<sockaddr*>(&here), &size);
  const pid_t device = fork();
  if (device == 0) answer(listener, connections);
  close(listener);
  std::atomic<bool> stop{false};
  std::atomic<uint64_t> exchanges{0};
  std::vector<std::thread> threads;
  const double before = cpu_seconds();
  for (size_t i = 0; i < connections; ++i) {
    threads.emplace_back([&, fd = ask_at(here.sin_port)] {
      uint64_t mine = 0;
      while (!stop && all(fd, kQuestion, true) && all(fd, kAnswer, false)) ++mine;
      exchanges += mine;
      close(fd);
    });
  }
  std::this_thread::sleep_for(std::chrono::seconds(seconds));
  stop = true;
  for (std::thread& thread : threads) thread.join();
  const double used = cpu_seconds() - before;
  waitpid(device, nullptr, 0);
  const auto count = static_cast<double>(exchanges.load());
  std::printf("loopback: %zu connections, %.0f exchanges/s of 125 registers, %.2f us of the asking side's processor time each\n",
              connections, count / seconds, used * 1e6 / count);
}

}  // namespace

int main(int argc, char** argv) {
  const int seconds = argc > 1 ? std::max(1, std::atoi(argv[1])) : 3;
  measure(1, seconds);
  measure(50, seconds);
}

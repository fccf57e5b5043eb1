// Two pseudo terminals joined by a cable: what is written to one port comes out of the other. The cable can change what passes.
#pragma once

#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace ferrule {

using Bytes = std::vector<uint8_t>;

// One pseudo terminal: the program under test opens port(), the test holds master().
class PseudoTerminal {
 public:
  PseudoTerminal() {
    std::array<char, 128> name{};
    termios raw{};
    cfmakeraw(&raw);
    if (openpty(&master_, &slave_, name.data(), &raw, nullptr) != 0) throw std::runtime_error("no pseudo terminal");
    fcntl(master_, F_SETFD, FD_CLOEXEC);
    fcntl(slave_, F_SETFD, FD_CLOEXEC);
    port_ = name.data();
  }
  ~PseudoTerminal() { unplug(); }
  PseudoTerminal(const PseudoTerminal&) = delete;
  PseudoTerminal& operator=(const PseudoTerminal&) = delete;

  int master() const { return master_; }
  const std::string& port() const { return port_; }
  // As if the adapter was pulled out. The slave end is held open until then, so that a port may be opened and closed often.
  void unplug() {
    if (slave_ >= 0) close(slave_);
    if (master_ >= 0) close(master_);
    slave_ = master_ = -1;
  }

 private:
  int master_ = -1;
  int slave_ = -1;
  std::string port_;
};

class SerialCable {
 public:
  // `damage` sees every lump that passes, from the first port (to_second) or to it, and may change it. Called on the cable's
  // thread.
  explicit SerialCable(std::function<void(bool to_second, Bytes&)> damage = {})
      : damage_(std::move(damage)), wake_(eventfd(0, EFD_CLOEXEC)), pump_([this] { run(); }) {}
  ~SerialCable() {
    eventfd_write(wake_, 1);
    pump_.join();
    close(wake_);
  }

  const std::string& first() const { return first_.port(); }
  const std::string& second() const { return second_.port(); }

 private:
  void run() {
    std::array<pollfd, 3> wanted{pollfd{wake_, POLLIN, 0}, pollfd{first_.master(), POLLIN, 0},
                                 pollfd{second_.master(), POLLIN, 0}};
    while (poll(wanted.data(), wanted.size(), -1) >= 0 && wanted[0].revents == 0) {
      if (wanted[1].revents != 0) pass(first_, second_, true);
      if (wanted[2].revents != 0) pass(second_, first_, false);
    }
  }
  void pass(const PseudoTerminal& from, const PseudoTerminal& to, bool to_second) {
    Bytes lump(512);
    const ssize_t got = read(from.master(), lump.data(), lump.size());
    if (got <= 0) return;
    lump.resize(static_cast<size_t>(got));
    if (damage_) damage_(to_second, lump);
    (void)!write(to.master(), lump.data(), lump.size());
  }

  std::function<void(bool, Bytes&)> damage_;
  PseudoTerminal first_;
  PseudoTerminal second_;
  int wake_;
  std::thread pump_;
};

}  // namespace ferrule

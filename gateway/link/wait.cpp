#include "link/wait.h"

#include <poll.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <ctime>
#include <system_error>

namespace ferrule {

Status wait_for(int fd, short events, Deadline deadline, const Clock& clock, const StopSignal& stop, const std::string& name) {
  std::array<pollfd, 2> wanted{pollfd{stop.fd(), POLLIN, 0}, pollfd{fd, events, 0}};
  while (true) {
    const Duration left = std::max(deadline - clock.now(), Duration{0});
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(left);
    const timespec timeout{static_cast<time_t>(seconds.count()), static_cast<long>((left - seconds).count())};
    const int ready = ppoll(wanted.data(), wanted.size(), &timeout, nullptr);
    if (ready < 0 && errno == EINTR) continue;
    if (ready < 0)
      return {Fault::io, static_cast<uint16_t>(errno), name + ": cannot wait: " + std::generic_category().message(errno)};
    if (wanted[0].revents != 0) return {Fault::cancelled, "stopping"};
    if (wanted[1].revents != 0) return {};
    if (clock.now() >= deadline) return {Fault::timeout, name + ": no answer in time"};
  }
}

}  // namespace ferrule

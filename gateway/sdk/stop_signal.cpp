#include "sdk/stop_signal.h"

#include <sys/eventfd.h>
#include <unistd.h>

namespace ferrule {

StopSignal::StopSignal() : fd_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}

StopSignal::~StopSignal() {
  if (fd_ >= 0) close(fd_);
}

void StopSignal::raise() {
  raised_.store(true, std::memory_order_release);
  if (fd_ >= 0) eventfd_write(fd_, 1);
}

}  // namespace ferrule

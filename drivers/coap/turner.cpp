#include "coap/turner.h"

#include <poll.h>
#include <sys/epoll.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "link/wait.h"

namespace ferrule::coap {

namespace {
constexpr int kAtOnce = 64;  // events of one call: the rest waits for the next, and the stop signal gets its turn
}

Status Turner::open() {
  if (epoll_.open()) return {};
  epoll_ = Descriptor(epoll_create1(EPOLL_CLOEXEC));
  if (epoll_.open()) return {};
  return {Fault::io, static_cast<uint16_t>(errno), std::string("no epoll descriptor: ") + std::strerror(errno)};
}

Status Turner::add(int fd, Turning& turning) {
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.ptr = &turning;
  if (epoll_ctl(epoll_.fd(), EPOLL_CTL_ADD, fd, &event) == 0) return {};
  return {Fault::io, static_cast<uint16_t>(errno), std::string("cannot wait for a session: ") + std::strerror(errno)};
}

void Turner::remove(int fd) {
  if (epoll_.open()) (void)epoll_ctl(epoll_.fd(), EPOLL_CTL_DEL, fd, nullptr);
}

Status Turner::wait(Deadline deadline) {
  Status status = wait_for(epoll_.fd(), POLLIN, deadline, clock_, stop_, "the devices");
  if (status.ok()) turn();
  return status;
}

void Turner::turn() {
  std::array<epoll_event, kAtOnce> events{};
  const int count = epoll_wait(epoll_.fd(), events.data(), kAtOnce, 0);
  for (int i = 0; i < count; ++i) static_cast<Turning*>(events[static_cast<size_t>(i)].data.ptr)->turn();
}

}  // namespace ferrule::coap

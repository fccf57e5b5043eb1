#include "simulator/departures.h"

#include <sys/timerfd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace ferrule::simulator {

Status Departures::open() {
  timer_ = Descriptor(::timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC));
  if (!timer_) return {ferrule::Fault::io, std::string("cannot make a timer: ") + std::strerror(errno)};
  return {};
}

void Departures::push(Departure departure, MonoTime now) {
  if (waiting_.size() >= kMost) return;
  departure.order = ++pushed_;
  const bool first = waiting_.empty() || departure.at < waiting_.top().at;
  waiting_.push(std::move(departure));
  if (first) arm(now);
}

std::optional<Departure> Departures::pop(MonoTime now) {
  if (!waiting_.empty() && waiting_.top().at <= now) {
    Departure next = waiting_.top();
    waiting_.pop();
    return next;
  }
  arm(now);
  return std::nullopt;
}

void Departures::arm(MonoTime now) {
  itimerspec setting{};  // all zero: off
  if (!waiting_.empty()) {
    const int64_t left = std::max<int64_t>((waiting_.top().at - now).count(), 1);
    setting.it_value = {left / 1'000'000'000, left % 1'000'000'000};
  }
  ::timerfd_settime(timer_.fd(), 0, &setting, nullptr);
}

}  // namespace ferrule::simulator

#include "host/device_watch.h"

#include <algorithm>
#include <utility>

namespace ferrule {

DeviceWatch::Change DeviceWatch::answered(size_t device, MonoTime now, Duration took) {
  Device& one = devices_[device];
  const State before = one.state;
  const std::optional<size_t> in_vain = std::exchange(in_vain_, std::nullopt);
  Duration slowest = std::max(took, one.slowest - one.slowest / 64);
  if (in_vain && *in_vain != device && one.slowest > Duration::zero() && took > one.slowest) {
    const Duration delay = took - one.slowest;
    devices_[*in_vain].beyond = std::max(devices_[*in_vain].beyond, delay);
    charge(now, in_vain_took_, in_vain_beyond_ + delay);
    slowest = one.slowest;
  }
  one = Device{};
  one.state = State::online;
  one.slowest = slowest;
  if (before == State::online) return Change::none;
  if (before == State::unknown) return Change::first_answer;
  if (now >= next_round_) {
    probe_all_at_once(now);
    next_round_ = now + kRoundPause;
  }
  return Change::back;
}

bool DeviceWatch::poll_timed_out(size_t device, MonoTime now) {
  Device& one = devices_[device];
  if (one.state == State::offline || ++one.timeouts < settings_.after) return false;
  one.state = State::offline;
  one.probe_at = now + one.pause;
  return true;
}

bool DeviceWatch::shared() const {
  return std::ranges::any_of(devices_, [](const Device& device) { return device.state != State::offline; });
}

Duration DeviceWatch::probe_wait(size_t device, Duration timeout) const {
  const Device& one = devices_[device];
  const bool full = one.slowest == Duration::zero() || (!one.at_once && one.probes % kFullEach == kFullEach - 1);
  return full ? timeout : std::min(timeout, std::max(kShortestProbe, one.slowest * kPatience));
}

MonoTime DeviceWatch::probe_time(const Device& device) const {
  return std::max(device.probe_at, device.at_once ? half_from_ : share_from_);
}

std::optional<size_t> DeviceWatch::probe_due(MonoTime now, MonoTime free_until, Duration timeout) const {
  const Device* chosen = nullptr;
  for (const Device& device : devices_) {
    if (device.state != State::offline || device.probe_at > now) continue;
    const auto index = static_cast<size_t>(&device - devices_.data());
    if (probe_time(device) > now && free_until - now < probe_wait(index, timeout) + device.beyond) continue;
    if (chosen == nullptr || device.probe_at < chosen->probe_at) chosen = &device;
  }
  if (chosen == nullptr) return std::nullopt;
  return static_cast<size_t>(chosen - devices_.data());
}

MonoTime DeviceWatch::next_probe(MonoTime now) const {
  MonoTime next = MonoTime::max();
  for (const Device& device : devices_) {
    if (device.state != State::offline) continue;
    next = std::min(next, device.probe_at > now ? device.probe_at : probe_time(device));  // it may fit into idle time
  }
  return next;
}

void DeviceWatch::probe_failed(size_t device, MonoTime now, Duration took, Duration beyond) {
  Device& one = devices_[device];
  one.at_once = false;
  ++one.probes;
  one.pause = std::min(kMostPause, one.pause * 2);
  one.probe_at = now + one.pause;
  one.beyond = std::max(beyond, one.beyond - one.beyond / 4);
  in_vain_ = device;
  in_vain_took_ = took;
  in_vain_beyond_ = beyond;
  charge(now + beyond, took, beyond);
}

// `free`: the line, again. What is beyond our wait is an estimate: for that the others get a little more than is due to them.
void DeviceWatch::charge(MonoTime free, Duration took, Duration beyond) {
  const auto times = [](Duration duration, double factor) {
    return Duration(static_cast<Duration::rep>(static_cast<double>(duration.count()) * factor));
  };
  const double share = settings_.probe_share;
  share_from_ = shared() ? free + times(took, 1 / share - 1) + times(beyond, 1 / share) : free;
  half_from_ = shared() ? free + took + beyond : free;
}

void DeviceWatch::link_lost() {
  for (Device& device : devices_) {
    if (device.state == State::offline) continue;
    const Duration slowest = device.slowest;
    device = Device{};
    device.slowest = slowest;
  }
}

void DeviceWatch::link_back(MonoTime now) { probe_all_at_once(now); }

void DeviceWatch::probe_all_at_once(MonoTime now) {
  for (Device& device : devices_) {
    if (device.state != State::offline) continue;
    device.at_once = true;
    device.pause = kLeastPause;
    device.probe_at = std::min(device.probe_at, now);
  }
}

}  // namespace ferrule

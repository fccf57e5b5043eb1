#include "host/device_watch.h"

#include <algorithm>

namespace ferrule {

DeviceWatch::Change DeviceWatch::answered(size_t device, MonoTime now) {
  Device& one = devices_[device];
  const State before = one.state;
  one = Device{};
  one.state = State::online;
  if (before == State::online) return Change::none;
  if (before == State::unknown) return Change::first_answer;
  probe_all_at_once(now);
  return Change::back;
}

bool DeviceWatch::poll_timed_out(size_t device, MonoTime now) {
  Device& one = devices_[device];
  if (one.state == State::offline || ++one.timeouts < kPollsToOffline) return false;
  one.state = State::offline;
  one.probe_at = now + one.pause;
  return true;
}

bool DeviceWatch::shared() const {
  return std::ranges::any_of(devices_, [](const Device& device) { return device.state != State::offline; });
}

MonoTime DeviceWatch::probe_time(const Device& device) const {
  return device.at_once ? device.probe_at : std::max(device.probe_at, share_from_);
}

std::optional<size_t> DeviceWatch::probe_due(MonoTime now) const {
  const Device* chosen = nullptr;
  for (const Device& device : devices_) {
    if (device.state != State::offline || probe_time(device) > now) continue;
    if (chosen == nullptr || device.probe_at < chosen->probe_at) chosen = &device;
  }
  if (chosen == nullptr) return std::nullopt;
  return static_cast<size_t>(chosen - devices_.data());
}

MonoTime DeviceWatch::next_probe() const {
  MonoTime next = MonoTime::max();
  for (const Device& device : devices_) {
    if (device.state == State::offline) next = std::min(next, probe_time(device));
  }
  return next;
}

void DeviceWatch::probe_failed(size_t device, MonoTime now, Duration took) {
  Device& one = devices_[device];
  one.at_once = false;
  one.pause = std::min(kMostPause, one.pause * 2);
  one.probe_at = now + one.pause;
  share_from_ = shared() ? now + took * (kProbeShare - 1) : now;
}

void DeviceWatch::link_lost() {
  for (Device& device : devices_) {
    if (device.state != State::offline) device = Device{};
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

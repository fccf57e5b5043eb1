// The latest state of each device, and which of them the broker has yet to be told. Any thread; at most one entry a device.
#pragma once

#include <atomic>
#include <map>
#include <optional>
#include <utility>

#include "core/clock.h"
#include "core/guarded.h"
#include "core/record.h"

namespace ferrule {

class DeviceStates {
 public:
  struct Known {
    DeviceState state;
    WallTime since;
    bool told = false;
  };

  void set(DeviceId device, const DeviceState& state, WallTime now) {
    known_.with([&](auto& known) {
      known[device] = {state, now, false};
      untold_ = true;
    });
  }

  // A new session: the broker may have forgotten, and its retained states may be another's.
  void tell_all_again() {
    known_.with([&](auto& known) {
      for (auto& [device, entry] : known) entry.told = false;
      untold_ = true;
    });
  }
  void tell_again(DeviceId device) {
    known_.with([&](auto& known) {
      if (const auto found = known.find(device); found != known.end()) found->second.told = false;
      untold_ = true;
    });
  }

  // One that has not been told; it counts as told from now on. Asked after every message, so it looks through the devices only
  // when there may be one.
  std::optional<std::pair<DeviceId, Known>> next() {
    if (!untold_) return std::nullopt;
    return known_.with([&](auto& known) -> std::optional<std::pair<DeviceId, Known>> {
      for (auto& [device, entry] : known) {
        if (entry.told) continue;
        entry.told = true;
        return std::pair(device, entry);
      }
      untold_ = false;
      return std::nullopt;
    });
  }

 private:
  Guarded<std::map<DeviceId, Known>> known_;
  std::atomic<bool> untold_{false};  // there may be one; written with the lock held
};

}  // namespace ferrule

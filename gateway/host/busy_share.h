// What share of the last minute something took. One thread.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>

#include "core/clock.h"

namespace ferrule {

class BusyShare {
 public:
  // `took` ended at `now`.
  void add(MonoTime now, Duration took) {
    Slot& slot = slots_[static_cast<size_t>(number(now) % kSlots)];
    if (slot.number != number(now)) slot = {number(now), Duration::zero()};
    slot.took += took;
  }
  // 0 .. 1, over the last minute or since `started`, whichever is shorter.
  double share(MonoTime now, MonoTime started) const {
    const int64_t oldest = number(now) - kSlots + 1;
    const Duration span = std::min<Duration>(now - started, now.time_since_epoch() - oldest * kSlot);
    if (span <= Duration::zero()) return 0;
    Duration took{0};
    for (const Slot& slot : slots_) {
      if (slot.number >= oldest) took += slot.took;
    }
    return std::min(1.0, static_cast<double>(took.count()) / static_cast<double>(span.count()));
  }

 private:
  static constexpr int64_t kSlots = 12;
  static constexpr Duration kSlot = std::chrono::seconds(5);
  struct Slot {
    int64_t number = -kSlots;
    Duration took{0};
  };
  static int64_t number(MonoTime at) { return at.time_since_epoch() / kSlot; }

  std::array<Slot, kSlots> slots_;
};

}  // namespace ferrule

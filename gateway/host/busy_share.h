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
    Second& second = seconds_[slot(now)];
    if (second.number != number(now)) second = {number(now), Duration::zero()};
    second.took += took;
  }
  // 0 .. 1, over the last minute or since `started`, whichever is shorter.
  double share(MonoTime now, MonoTime started) const {
    const Duration span = std::min<Duration>(now - started, std::chrono::seconds(kSeconds));
    if (span <= Duration::zero()) return 0;
    Duration took{0};
    for (const Second& second : seconds_) {
      if (second.number > number(now) - kSeconds) took += second.took;
    }
    return std::min(1.0, static_cast<double>(took.count()) / static_cast<double>(span.count()));
  }

 private:
  static constexpr int64_t kSeconds = 60;
  struct Second {
    int64_t number = -kSeconds;
    Duration took{0};
  };
  static int64_t number(MonoTime at) { return std::chrono::duration_cast<std::chrono::seconds>(at.time_since_epoch()).count(); }
  static size_t slot(MonoTime at) { return static_cast<size_t>(number(at) % kSeconds); }

  std::array<Second, kSeconds> seconds_;
};

}  // namespace ferrule

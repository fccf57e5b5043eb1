// A clock that stands still until it is told to move. Starts at one hour of monotonic time and 2026-01-01 UTC.
#pragma once

#include <atomic>

#include "core/clock.h"

namespace ferrule {

class ManualClock final : public Clock {
 public:
  MonoTime now() const override { return MonoTime(Duration(now_.load())); }
  WallTime wall() const override { return WallTime(Duration(wall_.load())); }

  void advance(Duration by) {
    now_ += by.count();
    wall_ += by.count();
  }
  void set(MonoTime now) { advance(now - this->now()); }
  void step_wall(Duration by) { wall_ += by.count(); }

 private:
  std::atomic<int64_t> now_{Duration(std::chrono::hours(1)).count()};
  std::atomic<int64_t> wall_{1'767'225'600'000'000'000};
};

}  // namespace ferrule

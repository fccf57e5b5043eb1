// How many backlog messages may be in flight at once, led by how long acknowledgements take.
//
// Additive increase, multiplicative decrease. The shortest recent acknowledgement tells what the link takes when idle; while
// acknowledgements come within twice that (and never judged below 50 ms, where scheduling is all one sees) the number grows,
// doubling per round until the first slow one and by one per round after it; a slow one halves it, once a round. It never falls
// below one, so a backlog always moves. Pure: times come in.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>

#include "core/clock.h"

namespace ferrule {

class Pace {
 public:
  explicit Pace(uint32_t most) : most_(std::max<uint32_t>(1, most)) {}

  uint32_t limit() const { return static_cast<uint32_t>(limit_); }

  // Any message was acknowledged, `latency` after it was sent. `pressed`: the backlog was using all that it may.
  void acknowledged(Duration latency, bool pressed, MonoTime now) {
    remember(latency, now);
    const Duration slow = std::max<Duration>(2 * shortest(), shortest() + std::chrono::milliseconds(50));
    if (latency > slow) {
      if (now < no_cut_before_) return;
      limit_ = std::max(1.0, limit_ / 2);
      starting_ = false;
      no_cut_before_ = now + latency;  // what is in flight was sent under the old limit
    } else if (pressed) {
      limit_ = std::min<double>(most_, limit_ + (starting_ ? 1 : 1 / limit_));
    }
  }

 private:
  static constexpr Duration kMemory = std::chrono::seconds(30);

  // The shortest of this half minute and the one before.
  void remember(Duration latency, MonoTime now) {
    if (now - since_ > kMemory) {
      before_ = present_;
      present_ = latency;
      since_ = now;
    }
    present_ = std::min(present_, latency);
  }
  Duration shortest() const { return std::min(present_, before_); }

  uint32_t most_;
  double limit_ = 1;
  bool starting_ = true;
  MonoTime no_cut_before_ = MonoTime::min();
  MonoTime since_{Duration{0}};
  Duration present_ = Duration::max() / 4;
  Duration before_ = Duration::max() / 4;
};

}  // namespace ferrule

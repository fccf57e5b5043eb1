// How many backlog messages may be in flight at once, led by how long acknowledgements take.
//
// Additive increase, multiplicative decrease. The shortest recent acknowledgement tells what the link takes when idle. Where even
// the quickest one of a round takes more than twice that (and never judged below 1 ms more), messages are queueing somewhere,
// and live ones with them: the number is halved, and the round after it, which was sent under the old number, is not judged. One
// slow acknowledgement among quick ones says nothing: links and machines jitter. Else the number grows, doubling per round until
// the first cut and by one per round after it. It never falls below one, so a backlog always moves. Pure: times come in.
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
    if (now < round_begins_) return;
    quickest_ = std::min(quickest_, latency);
    const bool queueing = quickest_ > std::max<Duration>(2 * shortest(), shortest() + std::chrono::milliseconds(1));
    if (pressed && !queueing) limit_ = std::min<double>(most_, limit_ + (starting_ ? 1 : 1 / limit_));
    if (now < round_ends_) return;
    if (queueing) {
      limit_ = std::max(1.0, limit_ / 2);
      starting_ = false;
      round_begins_ = now + latency;
    }
    round_ends_ = std::max(now, round_begins_) + latency;
    quickest_ = kNone;
  }

 private:
  static constexpr Duration kMemory = std::chrono::seconds(30);
  static constexpr Duration kNone = Duration::max() / 4;

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
  MonoTime round_begins_ = MonoTime::min(), round_ends_ = MonoTime::min();
  Duration quickest_ = kNone;  // of this round
  MonoTime since_{Duration{0}};
  Duration present_ = kNone;
  Duration before_ = kNone;
};

}  // namespace ferrule

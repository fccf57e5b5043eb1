// After "not now" for a kind of message: a pause that doubles from 1 s to 60 s, then one message at a time until one is
// delivered. Pure; one per kind, so that a topic that the broker forbids does not stop the others.
#pragma once

#include <algorithm>
#include <chrono>

#include "core/clock.h"

namespace ferrule {

class RefusalPause {
 public:
  void refused(MonoTime now) {
    if (now < until_) return;  // answers to what was in flight with the first one: the same refusal
    length_ = length_ == Duration{0} ? kLeast : std::min(kMost, length_ * 2);
    until_ = now + length_;
  }
  void delivered() { *this = RefusalPause(); }

  bool may_send(uint32_t in_flight, MonoTime now) const { return length_ == Duration{0} || (now >= until_ && in_flight == 0); }
  bool active() const { return length_ != Duration{0}; }
  bool pausing(MonoTime now) const { return now < until_; }
  MonoTime until() const { return until_; }

 private:
  static constexpr Duration kLeast = std::chrono::seconds(1);
  static constexpr Duration kMost = std::chrono::seconds(60);
  Duration length_{0};
  MonoTime until_ = MonoTime::min();
};

}  // namespace ferrule

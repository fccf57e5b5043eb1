// After "not now" for a kind of message: a pause that doubles from 1 s to 60 s (from 30 s where the broker said that quota or
// authorisation forbid it, so that it is asked at most twice a minute), then one message at a time until one is delivered. Pure;
// one per kind, so that a topic that the broker forbids does not stop the others.
#pragma once

#include <algorithm>
#include <chrono>

#include "core/clock.h"

namespace ferrule {

class RefusalPause {
 public:
  static constexpr Duration kPassing = std::chrono::seconds(1);
  static constexpr Duration kLasting = std::chrono::seconds(30);

  // `least`: kPassing or kLasting.
  void refused(Duration least, MonoTime now) {
    if (now < until_) return;  // answers to what was in flight with the first one: the same refusal
    length_ = std::clamp(length_ * 2, least, kMost);
    until_ = now + length_;
  }
  void delivered(MonoTime now) {
    if (now < until_) return;  // it was in flight with the refused one
    *this = RefusalPause();
  }

  bool may_send(uint32_t in_flight, MonoTime now) const { return length_ == Duration{0} || (now >= until_ && in_flight == 0); }
  bool active() const { return length_ != Duration{0}; }
  bool pausing(MonoTime now) const { return now < until_; }
  MonoTime until() const { return until_; }

 private:
  static constexpr Duration kMost = std::chrono::seconds(60);
  Duration length_{0};
  MonoTime until_ = MonoTime::min();
};

}  // namespace ferrule

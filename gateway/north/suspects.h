// Finds the record that a broker answers by hanging up, as MQTT 3.1.1 brokers do with what they refuse: without this, one such
// record would break the link for ever and hold up everything behind it. Pure; one thread.
//
// Whatever was in flight when the other side hung up is counted. What was there twice is *grave*: it must be sent with nothing
// else in flight, and when the broker hangs up on it again it is convicted. A network that flaps looks alike, so a conviction
// asks for more: the session had proved itself by another answer, and the end came soon after the record was sent. A record that
// is answered in any other way is innocent.
#pragma once

#include <cstdint>
#include <map>
#include <span>

#include "core/clock.h"

namespace ferrule {

class Suspects {
 public:
  static constexpr uint32_t kHangUps = 3;                     // on the third it is convicted
  static constexpr Duration kSoon = std::chrono::seconds(5);  // between sending and the end
  static constexpr uint64_t kState = 0;                       // stands for the messages of state; positions begin at 1
  static constexpr size_t kMost = 4096;                       // remembered; in flight are a few hundred at most

  // The other side hung up while these positions were in flight. True: the one that was alone is guilty (and is forgotten here).
  bool hung_up(std::span<const uint64_t> in_flight, bool proven, Duration since_sent) {
    const bool alone = in_flight.size() == 1;
    bool guilty = false;
    for (const uint64_t position : in_flight) {
      if (counts_.size() >= kMost && !counts_.contains(position)) continue;
      uint32_t& count = counts_[position];
      if (count + 1 < kHangUps) {
        grave_ += ++count == kHangUps - 1 ? 1 : 0;
      } else if (alone && proven && since_sent <= kSoon) {
        guilty = true;
      }
    }
    if (guilty) answered(in_flight.front());
    return guilty;
  }

  void answered(uint64_t position) {
    const auto found = counts_.find(position);
    if (found == counts_.end()) return;
    grave_ -= found->second >= kHangUps - 1 ? 1 : 0;
    counts_.erase(found);
  }

  bool grave(uint64_t position) const {
    if (grave_ == 0) return false;
    const auto found = counts_.find(position);
    return found != counts_.end() && found->second >= kHangUps - 1;
  }
  bool any_grave() const { return grave_ > 0; }

 private:
  std::map<uint64_t, uint32_t> counts_;
  size_t grave_ = 0;  // how many of them
};

}  // namespace ferrule

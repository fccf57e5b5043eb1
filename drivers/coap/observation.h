// What is known of one observed resource (RFC 7641): whether a notification is newer than what we have, and whether the device
// still keeps us in its list. Pure; times come in.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>

#include "core/clock.h"

namespace ferrule::coap {

class Observation {
 public:
  // RFC 7641, 3.4: after this long the sequence numbers say nothing any more, and what comes later is newer.
  static constexpr Duration kReorderWindow = std::chrono::seconds(128);
  // Allowed beyond Max-Age for the way from the device.
  static constexpr Duration kLate = std::chrono::seconds(5);
  // An age that a device gives may be years.
  static constexpr uint32_t kMostAge = 24 * 3600;

  // The answer to our own request: it is newer than everything before it, and the count begins anew. `sequence` nothing: the
  // device does not let itself be observed, or not any more.
  void registered(std::optional<uint32_t> sequence, uint32_t max_age_s, MonoTime now) {
    live_ = sequence.has_value();
    if (live_) take(*sequence, max_age_s, now);
  }
  // A notification. False: one that is older than what we have, to be dropped.
  bool notified(uint32_t sequence, uint32_t max_age_s, MonoTime now) {
    if (live_ && !newer(sequence, now)) return false;
    live_ = true;
    take(sequence, max_age_s, now);
    return true;
  }
  void lost() { live_ = false; }

  // The newest state is still the device's present one.
  bool current(MonoTime now) const { return live_ && now < good_until_; }

 private:
  static constexpr uint32_t kHalf = 1u << 23;

  bool newer(uint32_t sequence, MonoTime now) const {
    if (now > newest_at_ + kReorderWindow) return true;
    return (newest_ < sequence && sequence - newest_ < kHalf) || (newest_ > sequence && newest_ - sequence > kHalf);
  }
  void take(uint32_t sequence, uint32_t max_age_s, MonoTime now) {
    newest_ = sequence;
    newest_at_ = now;
    good_until_ = now + std::chrono::seconds(std::min(max_age_s, kMostAge)) + kLate;
  }

  bool live_ = false;
  uint32_t newest_ = 0;  // 24 bits
  MonoTime newest_at_;
  MonoTime good_until_;
};

}  // namespace ferrule::coap

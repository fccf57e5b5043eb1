// How long to wait before the next attempt to connect. Pure: the caller brings the randomness.
//
// The wait is drawn evenly from [0, ceiling] ("full jitter", so that a fleet does not come back in step); the ceiling begins at
// `least` and doubles with each failure up to `most`. After a refusal (bad password, banned, certificate) asking again soon is
// pointless: then the wait is 30 s to 40 s, at most twice a minute.
#pragma once

#include <algorithm>
#include <chrono>

#include "core/clock.h"
#include "core/status.h"

namespace ferrule {

class Backoff {
 public:
  static constexpr Duration kRefused = std::chrono::seconds(30);
  static constexpr Duration kRefusedSpread = std::chrono::seconds(10);

  Backoff(Duration least, Duration most) : least_(least), most_(std::max(least, most)), ceiling_(least) {}

  // After a failure. `chance` is in [0, 1).
  Duration next(Fault why, double chance) {
    if (why == Fault::refused || why == Fault::invalid) return kRefused + share(kRefusedSpread, chance);
    const Duration wait = share(ceiling_, chance);
    ceiling_ = std::min(most_, ceiling_ * 2);
    return wait;
  }

  // After a session that was worth the name.
  void reset() { ceiling_ = least_; }

 private:
  static Duration share(Duration of, double chance) {
    return std::chrono::duration_cast<Duration>(std::chrono::duration<double, Duration::period>(of) * chance);
  }

  const Duration least_, most_;
  Duration ceiling_;
};

}  // namespace ferrule

// Growing pauses between attempts, with jitter, so that many channels do not knock in step.
#pragma once

#include <algorithm>
#include <cstdint>
#include <random>

#include "core/clock.h"

namespace ferrule {

class BackOff {
 public:
  BackOff(Duration least, Duration most, uint32_t seed) : least_(least), most_(most), next_(least), random_(seed) {}

  // The pause before the next attempt: doubles each time; between 75 and 125 % of that, never outside least .. most.
  Duration pause() {
    const Duration middle = next_;
    next_ = std::min(most_, next_ * 2);
    const double factor = std::uniform_real_distribution<double>(0.75, 1.25)(random_);
    const auto pause = Duration(static_cast<Duration::rep>(static_cast<double>(middle.count()) * factor));
    return std::clamp(pause, least_, most_);
  }
  void reset() { next_ = least_; }

 private:
  Duration least_, most_, next_;
  std::minstd_rand random_;
};

}  // namespace ferrule

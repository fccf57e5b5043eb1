// Tells the watchdog whether a loop is alive: it waits for work, or has been busy for less than it said it might be.
// begin() and rest() on the loop's thread, alive() on any.
#pragma once

#include <atomic>
#include <limits>

#include "core/clock.h"

namespace ferrule {

class Heartbeat {
 public:
  // To add to a deadline of the work: a busy machine is not a hanging loop.
  static constexpr Duration kSlack = std::chrono::seconds(5);

  // Work begins; it will be done before `until`.
  void begin(MonoTime until) { until_.store(until.time_since_epoch().count(), std::memory_order_relaxed); }
  // Waiting for work, which may take for ever.
  void rest() { until_.store(kResting, std::memory_order_relaxed); }
  bool alive(MonoTime now) const { return now.time_since_epoch().count() <= until_.load(std::memory_order_relaxed); }

 private:
  static constexpr int64_t kResting = std::numeric_limits<int64_t>::max();
  std::atomic<int64_t> until_{kResting};
};

}  // namespace ferrule

// What became of the samples meant for one uplink: read = sent + stored + suppressed + dropped, in every report.
//
// The counts are made on two threads, so they are taken at one point of the log: the bus thread sends its Tallies through the
// same queue as the records that they count, and the outbox thread adds its own when it comes to them. So nothing is in transit
// and nothing is counted twice; a report is as old as the last such point (50 ms while the disk keeps up).
#pragma once

#include <cstdint>
#include <vector>

#include "outbox/outbox.h"

namespace ferrule {

// Samples since the start, while the uplink was configured.
struct Tally {
  uint64_t read = 0;
  uint64_t suppressed = 0;  // by a deadband or a rule
  uint64_t dropped = 0;     // the outbox's queue was full
};
using Tallies = std::vector<Tally>;  // by UplinkIndex

struct Balance {
  uint64_t read = 0;  // since the start, and what was stored then
  uint64_t sent = 0, stored = 0, suppressed = 0, dropped = 0;
};

// Outbox thread.
class BalanceBook {
 public:
  // The uplinks of `now` beyond those known: what is stored for them is from an earlier start.
  void attached(const OutboxCounters& now) {
    for (size_t i = carried_.size(); i < now.uplinks.size(); ++i) carried_.push_back(now.uplinks[i].waiting_samples);
  }

  std::vector<Balance> at(const Tallies& tallies, const OutboxCounters& now) const {
    std::vector<Balance> balances;
    for (size_t i = 0; i < carried_.size(); ++i) {
      const Tally tally = i < tallies.size() ? tallies[i] : Tally{};
      const OutboxCounters::PerUplink& counted = now.uplinks[i];
      balances.push_back({carried_[i] + tally.read, counted.settled_samples, counted.waiting_samples, tally.suppressed,
                          counted.dropped_samples + tally.dropped});
    }
    return balances;
  }

 private:
  std::vector<uint64_t> carried_;  // by UplinkIndex
};

}  // namespace ferrule

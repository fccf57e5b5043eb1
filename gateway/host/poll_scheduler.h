// Decides what a channel does next. Pure: no thread, no clock, no I/O; times come in, the next request goes out.
//
// Fixed rate: group g with period P is due at start + k*P for every k, whatever the exchanges took; a period never drifts. Among
// the groups that are due the one with the earliest deadline (due time + P) goes first, request by request, so that a fast group
// is not stuck behind a slow one. A group that is due again before its last poll has begun or ended is counted as overrun and
// skips to its next period in the future: no bursts.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "core/clock.h"

namespace ferrule {

class PollScheduler {
 public:
  // Groups are known by the order in which they were added. `first_due` spreads the groups of a channel over their period.
  size_t add(Duration period, size_t requests, MonoTime first_due);

  struct Turn {
    size_t group = 0;
    size_t request = 0;  // index within the group
    bool first = false;  // begins a poll
    bool last = false;   // ends it
    MonoTime due;        // when the poll was due
  };
  // The request to make now, or nothing.
  std::optional<Turn> next(MonoTime now);
  // When next() will have something (now or earlier when it has).
  MonoTime wake_at() const;
  // Abandons what is left of the group's present poll: its device does not answer.
  void abandon(size_t group);

  uint64_t overruns() const { return overruns_; }
  uint64_t polls() const { return polls_; }

 private:
  struct Group {
    Duration period;
    size_t requests;
    MonoTime due;
    size_t at = 0;  // the next request of the poll that is under way
    bool under_way = false;
  };
  std::vector<Group> groups_;
  uint64_t overruns_ = 0;
  uint64_t polls_ = 0;
};

}  // namespace ferrule

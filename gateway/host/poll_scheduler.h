// Decides what a channel does next. Pure: no thread, no clock, no I/O; times come in, the next request goes out.
//
// Fixed rate: group g with period P is due at start + k*P for every k, whatever the exchanges took; a period never drifts. Among
// the groups that are due the one with the earliest deadline (due time + P) goes first, request by request, so that a fast group
// is not stuck behind a slow one. A group that is due again before its last poll has begun or ended is counted as overrun and
// skips to its next period in the future: no bursts.
//
//   - Not begun when it is due again: it keeps its old deadline, so that it cannot starve behind faster groups, and one poll
//   stands
//     for all the periods that passed (each but the last an overrun). After a suspension of 10 minutes: one poll per group.
//   - Not ended when it is due again: the periods that passed meanwhile are overruns; the next poll is at the next due time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "core/clock.h"

namespace ferrule {

class PollScheduler {
 public:
  // Groups are known by the order in which they were added. period > 0; requests >= 1.
  size_t add(Duration period, size_t requests, MonoTime first_due);

  // The first due time of the index-th of `count` groups on a channel: they are spread over their period, but over a second at
  // most, because nobody wants to wait for a first value. `phase` (0 .. 1) moves the channels of a gateway apart.
  static MonoTime first_due(MonoTime start, Duration period, size_t index, size_t count, double phase);

  struct Turn {
    size_t group = 0;
    size_t request = 0;  // index within the group
    bool first = false;  // begins a poll
    bool last = false;   // ends it
    MonoTime due;        // when the poll was due
  };
  // The request to make now, or nothing. `now` never goes back.
  std::optional<Turn> next(MonoTime now);
  // When next() will have something (now or earlier when it has); MonoTime::max() without groups. Ask after next() gave nothing.
  MonoTime wake_at() const;
  // The group's present poll is over: its last exchange has ended, or its device does not answer and the rest is abandoned. The
  // group is not due again before this was called.
  void end(size_t group, MonoTime now);
  // Makes the poll of the present period again, at once: its device is back. The due times after it stay.
  void hurry(size_t group, MonoTime now);

  uint64_t overruns() const { return overruns_; }
  uint64_t polls() const { return polls_; }  // begun

 private:
  struct Group {
    Duration period;
    size_t requests;
    MonoTime due;   // of the poll under way, else of the next one
    size_t at = 0;  // the next request of the poll that is under way
    bool under_way = false;
  };
  void begin(Group& group, MonoTime now);

  std::vector<Group> groups_;
  uint64_t overruns_ = 0;
  uint64_t polls_ = 0;
};

}  // namespace ferrule

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
//
// On a line that is too slow for all, groups with equal periods therefore get nearly equal rates, whichever unit they are of and
// however many requests each takes: the one that has waited longest goes first.
//
// Joint polls: groups of one device whose requests together are cheaper than apart. Where all of them are due when the first of
// them would begin, the joint poll is made instead and stands for each.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "core/clock.h"

namespace ferrule {

class PollScheduler {
 public:
  // Polls are known by the order in which they were added: first every group, then the joint polls. period > 0; requests >= 1.
  size_t add(Duration period, size_t requests, MonoTime first_due);
  // The groups with the most members first, where one group is in several.
  size_t add_joint(std::vector<size_t> groups, size_t requests);

  // The first due time of the index-th of `count` devices on a channel: they are spread over the period, but over a second at
  // most, because nobody wants to wait for a first value. `phase` (0 .. 1) moves the channels of a gateway apart, but only to the
  // next of kSlots moments of that spread: hundreds of channels that wake together and hand on together cost a small machine half
  // of what they cost one by one.
  static constexpr Duration::rep kSlots = 20;
  static MonoTime first_due(MonoTime start, Duration period, size_t index, size_t count, double phase);

  struct Turn {
    size_t poll = 0;
    size_t request = 0;  // index within the poll
    bool first = false;  // begins a poll
    bool last = false;   // ends it
    MonoTime due;        // when the poll was due
  };
  // The request to make now, or nothing. `now` never goes back.
  std::optional<Turn> next(MonoTime now);
  // When next() will have something (now or earlier when it has); MonoTime::max() without groups. Ask after next() gave nothing.
  MonoTime wake_at() const;
  // Not this one now: next() hands it out again, at `until` or later. Others go ahead meanwhile.
  void postpone(const Turn& turn, MonoTime until);
  // Nothing more of this poll, which is under way, before `until`.
  void hold_back(size_t poll, MonoTime until) { polls_[poll].not_before = until; }
  // The present poll is over: its last exchange has ended, or its device does not answer and the rest is abandoned. Its groups
  // are not due again before this was called.
  void end(size_t poll, MonoTime now);
  // Makes the poll of the present period again, at once: its device is back. The due times after it stay.
  void hurry(size_t group, MonoTime now);
  // The next polls begin with this request; the others follow in their order.
  void begin_with(size_t poll, size_t request);
  // The poll has been planned anew. Not while it is under way.
  void plan_changed(size_t poll, size_t requests);
  bool under_way(size_t poll) const { return polls_[poll].under_way; }

  uint64_t overruns() const { return overruns_; }
  uint64_t polls() const { return begun_; }  // of groups, a joint poll counting for each of its members

 private:
  struct Poll {
    Duration period{0};  // of a group
    size_t requests = 1;
    MonoTime due;       // of the poll under way, else of the next one
    MonoTime deadline;  // while under way
    MonoTime not_before = MonoTime::min();
    size_t begin_with = 0;
    size_t at = 0;  // how many requests of the poll under way were handed out
    bool under_way = false;
    std::vector<size_t> members;  // of a joint poll
  };
  size_t begin(size_t group, MonoTime now);  // the poll that was begun: this one, or a joint one with it
  void begin_group(Poll& group, MonoTime now);
  void end_group(Poll& group, MonoTime now);
  bool all_due(const Poll& joint, MonoTime now) const;

  std::vector<Poll> polls_;
  size_t groups_ = 0;
  uint64_t overruns_ = 0;
  uint64_t begun_ = 0;
};

}  // namespace ferrule

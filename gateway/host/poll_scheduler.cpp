#include "host/poll_scheduler.h"

#include <algorithm>
#include <utility>

namespace ferrule {

namespace {
constexpr Duration kWidestSpread = std::chrono::seconds(1);
}

size_t PollScheduler::add(Duration period, size_t requests, MonoTime first_due) {
  Poll group;
  group.period = std::max(period, Duration(1));
  group.requests = std::max<size_t>(requests, 1);
  group.due = first_due;
  polls_.push_back(std::move(group));
  return groups_++;
}

size_t PollScheduler::add_joint(std::vector<size_t> groups, size_t requests) {
  Poll joint;
  joint.requests = std::max<size_t>(requests, 1);
  joint.members = std::move(groups);
  polls_.push_back(std::move(joint));
  return polls_.size() - 1;
}

MonoTime PollScheduler::first_due(MonoTime start, Duration period, size_t index, size_t count, double phase) {
  const Duration spread = std::min(period, kWidestSpread);
  const double share = (static_cast<double>(index) + phase) / static_cast<double>(std::max<size_t>(count, 1));
  const MonoTime wanted = start + Duration(static_cast<Duration::rep>(static_cast<double>(spread.count()) * share));
  const Duration slot = std::max(spread / kSlots, Duration(1));
  const Duration beyond = wanted.time_since_epoch() % slot;
  return beyond == Duration{0} ? wanted : wanted + (slot - beyond);
}

void PollScheduler::begin_group(Poll& group, MonoTime now) {
  const auto passed = (now - group.due) / group.period;
  overruns_ += static_cast<uint64_t>(passed);
  group.deadline = group.due + group.period;  // the one that it waited with: no other goes between its requests for being older
  group.due += passed * group.period;
  group.under_way = true;
  group.at = 0;
  ++begun_;
}

bool PollScheduler::all_due(const Poll& joint, MonoTime now) const {
  return std::ranges::all_of(joint.members, [&](size_t member) {
    const Poll& group = polls_[member];
    return !group.under_way && group.due <= now;
  });
}

size_t PollScheduler::begin(size_t group, MonoTime now) {
  for (size_t i = groups_; i < polls_.size(); ++i) {
    Poll& joint = polls_[i];
    if (!std::ranges::count(joint.members, group) || !all_due(joint, now)) continue;
    joint.deadline = MonoTime::max();
    for (const size_t member : joint.members) {
      Poll& one = polls_[member];
      begin_group(one, now);
      one.at = one.requests;  // the joint poll makes them
      if (one.deadline < joint.deadline) joint.due = one.due;
      joint.deadline = std::min(joint.deadline, one.deadline);
    }
    joint.under_way = true;
    joint.at = 0;
    return i;
  }
  begin_group(polls_[group], now);
  return group;
}

std::optional<PollScheduler::Turn> PollScheduler::next(MonoTime now) {
  size_t chosen = polls_.size();
  MonoTime earliest = MonoTime::max();
  for (size_t i = 0; i < polls_.size(); ++i) {
    const Poll& poll = polls_[i];
    if (poll.under_way ? poll.at == poll.requests || poll.not_before > now : i >= groups_ || poll.due > now) continue;
    const MonoTime deadline = poll.under_way ? poll.deadline : poll.due + poll.period;
    if (deadline >= earliest) continue;
    chosen = i;
    earliest = deadline;
  }
  if (chosen == polls_.size()) return std::nullopt;
  if (!polls_[chosen].under_way) chosen = begin(chosen, now);
  Poll& poll = polls_[chosen];
  Turn turn;
  turn.poll = chosen;
  turn.first = poll.at == 0;
  turn.request = (poll.begin_with + poll.at++) % poll.requests;
  turn.last = poll.at == poll.requests;
  turn.due = poll.due;
  return turn;
}

MonoTime PollScheduler::wake_at() const {
  MonoTime wake = MonoTime::max();
  for (size_t i = 0; i < polls_.size(); ++i) {
    const Poll& poll = polls_[i];
    if (poll.under_way && poll.at < poll.requests) wake = std::min(wake, poll.not_before);
    if (!poll.under_way && i < groups_) wake = std::min(wake, poll.due);
  }
  return wake;
}

void PollScheduler::postpone(const Turn& turn, MonoTime until) {
  Poll& poll = polls_[turn.poll];
  --poll.at;
  poll.not_before = until;
}

void PollScheduler::end_group(Poll& group, MonoTime now) {
  if (!std::exchange(group.under_way, false)) return;
  group.not_before = MonoTime::min();
  group.due += group.period;
  if (now < group.due) return;
  const auto passed = (now - group.due) / group.period + 1;
  overruns_ += static_cast<uint64_t>(passed);
  group.due += passed * group.period;
}

void PollScheduler::end(size_t poll, MonoTime now) {
  Poll& one = polls_[poll];
  if (poll < groups_) return end_group(one, now);
  if (!std::exchange(one.under_way, false)) return;
  one.not_before = MonoTime::min();
  for (const size_t member : one.members) end_group(polls_[member], now);
}

void PollScheduler::hurry(size_t group, MonoTime now) {
  Poll& one = polls_[group];
  if (one.under_way || one.due <= now || one.due - one.period > now) return;
  one.due -= one.period;
}

void PollScheduler::begin_with(size_t poll, size_t request) {
  if (!polls_[poll].under_way) polls_[poll].begin_with = request;
}

void PollScheduler::plan_changed(size_t poll, size_t requests) {
  polls_[poll].requests = std::max<size_t>(requests, 1);
  polls_[poll].begin_with = 0;
}

}  // namespace ferrule

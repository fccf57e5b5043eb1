#include "host/poll_scheduler.h"

#include <algorithm>

namespace ferrule {

namespace {
constexpr Duration kWidestSpread = std::chrono::seconds(1);
}

size_t PollScheduler::add(Duration period, size_t requests, MonoTime first_due) {
  groups_.push_back({std::max(period, Duration(1)), std::max<size_t>(requests, 1), first_due});
  return groups_.size() - 1;
}

MonoTime PollScheduler::first_due(MonoTime start, Duration period, size_t index, size_t count, double phase) {
  const Duration spread = std::min(period, kWidestSpread);
  const double share = (static_cast<double>(index) + phase) / static_cast<double>(std::max<size_t>(count, 1));
  return start + Duration(static_cast<Duration::rep>(static_cast<double>(spread.count()) * share));
}

void PollScheduler::begin(Group& group, MonoTime now) {
  const auto passed = (now - group.due) / group.period;
  overruns_ += static_cast<uint64_t>(passed);
  group.due += passed * group.period;
  group.under_way = true;
  group.at = 0;
  ++polls_;
}

std::optional<PollScheduler::Turn> PollScheduler::next(MonoTime now) {
  Group* chosen = nullptr;
  for (Group& group : groups_) {
    if (group.under_way ? group.at == group.requests : group.due > now) continue;
    if (chosen == nullptr || group.due + group.period < chosen->due + chosen->period) chosen = &group;
  }
  if (chosen == nullptr) return std::nullopt;
  if (!chosen->under_way) begin(*chosen, now);
  Turn turn;
  turn.group = static_cast<size_t>(chosen - groups_.data());
  turn.request = chosen->at++;
  turn.first = turn.request == 0;
  turn.last = chosen->at == chosen->requests;
  turn.due = chosen->due;
  return turn;
}

MonoTime PollScheduler::wake_at() const {
  MonoTime wake = MonoTime::max();
  for (const Group& group : groups_) wake = std::min(wake, group.due);
  return wake;
}

void PollScheduler::end(size_t group, MonoTime now) {
  Group& one = groups_[group];
  if (!one.under_way) return;
  one.under_way = false;
  one.due += one.period;
  if (now < one.due) return;
  const auto passed = (now - one.due) / one.period + 1;
  overruns_ += static_cast<uint64_t>(passed);
  one.due += passed * one.period;
}

void PollScheduler::hurry(size_t group, MonoTime now) {
  Group& one = groups_[group];
  if (one.under_way || one.due <= now || one.due - one.period > now) return;
  one.due -= one.period;
}

}  // namespace ferrule

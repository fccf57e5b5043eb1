// What users ask of a channel: writes and raw reads.
#include <algorithm>
#include <utility>

#include "host/channel_loop.h"

namespace ferrule {

namespace {

// Of an exchange that a person asked for: polls wait no longer than that.
constexpr Duration kShortestProbe = std::chrono::milliseconds(10);
constexpr Duration kLongestProbe = std::chrono::seconds(5);

// The device itself has said yes or no; what is refused on this side (a value that does not fit) says nothing about it.
bool is_answer(const WriteOutcome& outcome) {
  return outcome.result == CommandResult::done ||
         (outcome.result == CommandResult::refused && outcome.status.fault() == Fault::refused);
}

}  // namespace

void ChannelLoop::fail_commands(const Status& why) {
  for (const WaitingCommand& held : std::exchange(held_, {})) held.done({CommandResult::failed, why});
  while (auto waiting = commands_.pop()) waiting->done({CommandResult::failed, why});
  while (auto waiting = commands_.pop_probe()) waiting->done({.status = why});
}

MonoTime ChannelLoop::send_at(const Command& command, MonoTime now) const {
  return std::min(driver_.write_free_at(command, now), command.expires);
}

std::optional<WaitingCommand> ChannelLoop::next_write(MonoTime now) {
  const auto may_go = [&](const WaitingCommand& one) { return send_at(one.command, now) <= now; };
  const auto held = std::ranges::find_if(held_, may_go);
  if (held != held_.end()) {
    WaitingCommand waiting = std::move(*held);
    held_.erase(held);
    return waiting;
  }
  while (held_.size() < kMostHeld) {
    auto waiting = commands_.pop();
    if (!waiting || may_go(*waiting)) return waiting;
    held_.push_back(std::move(*waiting));
  }
  return std::nullopt;
}

void ChannelLoop::write(WaitingCommand&& waiting) {
  const Command& command = waiting.command;
  const auto device = plan_.writable.find(command.tag);
  if (device == plan_.writable.end()) {
    return waiting.done({CommandResult::failed, Status(Fault::invalid, "no writable tag of this channel")});
  }
  if (clock_.now() >= command.expires) {
    return waiting.done({CommandResult::expired, Status(Fault::timeout, "expired before it could be sent")});
  }
  const Duration waited = clock_.now() - waiting.came;
  WriteOutcome outcome = write_once(device->second, command);
  if (outcome.status.fault() == Fault::disconnected) {
    const bool fresh_link = link_.lost(outcome.status);
    if (fresh_link && outcome.result == CommandResult::failed && clock_.now() < command.expires) {
      outcome = write_once(device->second, command);  // nothing had reached the device
      if (outcome.status.fault() == Fault::disconnected) (void)link_.lost(outcome.status);
    }
  }
  if (outcome.read_back && link_.up()) outcome = read_back(device->second, command);
  outcome.waited = waited;
  waiting.done(std::move(outcome));
  if (!link_.up() && !stop_.raised()) link_down();
}

void ChannelLoop::ask_for_somebody() {
  auto waiting = commands_.pop_probe();
  if (!waiting) return;
  Prober* prober = driver_.prober();
  if (prober == nullptr) return waiting->done({.status = Status(Fault::invalid, "this channel's driver cannot be asked so")});
  const Deadline deadline = clock_.now() + std::clamp<Duration>(waiting->question.timeout, kShortestProbe, kLongestProbe);
  heartbeat_.begin(deadline + Heartbeat::kSlack);
  const MonoTime begun = clock_.now();
  ProbeAnswer answer = prober->probe(waiting->question, deadline);
  if (answer.status.fault() != Fault::invalid) {
    account(std::nullopt, {answer.status, answer.refused != 0, false, 0, 0, clock_.now() - begun});
  }
  const bool lost = answer.status.fault() == Fault::disconnected;
  if (lost) (void)link_.lost(answer.status);
  waiting->done(std::move(answer));
  if (!link_.up() && !stop_.raised()) link_down();
}

WriteOutcome ChannelLoop::write_once(size_t device, const Command& command) {
  return command_exchange(device, [&](Deadline deadline) { return driver_.write(command, deadline); });
}

WriteOutcome ChannelLoop::read_back(size_t device, const Command& command) {
  WriteOutcome outcome = command_exchange(device, [&](Deadline deadline) { return driver_.read_back(command, deadline); });
  if (outcome.status.fault() == Fault::disconnected) (void)link_.lost(outcome.status);
  return outcome;
}

template <class Ask>
WriteOutcome ChannelLoop::command_exchange(size_t device, Ask&& ask) {
  const MonoTime begun = clock_.now();
  const Deadline deadline = begun + plan_.devices[device].timeout;
  heartbeat_.begin(deadline + Heartbeat::kSlack);
  WriteOutcome outcome = std::forward<Ask>(ask)(deadline);
  const Duration took = clock_.now() - begun;
  if (outcome.status.fault() == Fault::invalid) return outcome;  // nothing was asked
  account(device, {outcome.status, outcome.result == CommandResult::refused, true, 0, 0, took});
  if (is_answer(outcome)) {
    link_.proven();
    heard(device, took);
  }
  return outcome;
}

}  // namespace ferrule

#include "host/channel_loop.h"

#include <algorithm>
#include <functional>
#include <utility>

namespace ferrule {

namespace {

// A probe wants to know whether the device answers, not what.
class Unheard final : public SampleSink {
 public:
  void good(TagId /*tag*/, Value /*value*/, int64_t /*source_ns*/) override {}
  void uncertain(TagId /*tag*/, Value /*value*/, Reason /*reason*/) override {}
  void bad(TagId /*tag*/, Reason /*reason*/, uint16_t /*detail*/) override {}
};

Reason reason_of(const Status& status) {
  switch (status.fault()) {
    case Fault::timeout: return Reason::timeout;
    case Fault::refused: return Reason::device_refused;
    case Fault::disconnected:
    case Fault::io: return Reason::link_down;
    default: return Reason::bad_reply;
  }
}

bool is_answer(const Status& status) { return status.ok() || status.fault() == Fault::refused; }

double phase_of(const std::string& channel) { return static_cast<double>(std::hash<std::string>{}(channel) % 1000) / 1000; }

}  // namespace

ChannelLoop::ChannelLoop(const Parts& parts)
    : settings_(parts.settings),
      plan_(parts.plan),
      driver_(parts.driver),
      clock_(parts.clock),
      stop_(parts.stop),
      output_(parts.output),
      commands_(parts.commands),
      heartbeat_(parts.heartbeat),
      counters_(parts.settings, parts.plan, parts.clock),
      link_(parts.settings.name, parts.driver, parts.clock, parts.output, counters_, parts.heartbeat),
      watch_(parts.plan.devices.size()),
      next_probe_(parts.plan.devices.size()) {
  answers_.reserve(plan_.groups.size());
  for (const PollGroup& group : plan_.groups) {
    answers_.emplace_back(clock_, plan_.devices[group.device].id, group.tags, group.requests);
  }
}

void ChannelLoop::begin() {
  const MonoTime start = clock_.now();
  const double phase = phase_of(settings_.name);
  for (size_t i = 0; i < plan_.groups.size(); ++i) {
    const PollGroup& group = plan_.groups[i];
    const MonoTime first = PollScheduler::first_due(start, group.every, i, plan_.groups.size(), phase);
    scheduler_.add(group.every, group.requests.size(), first);
  }
  counters_.channel("connecting", {});
  for (const std::string& trouble : plan_.troubles) output_.say(true, trouble);
}

MonoTime ChannelLoop::turn() {
  if (stop_.raised()) return clock_.now();
  heartbeat_.begin(clock_.now() + Heartbeat::kSlack);
  if (!link_.up() && link_.connect_at(!commands_.empty()) <= clock_.now()) connect();
  const MonoTime now = clock_.now();
  if (stop_.raised()) return now;

  if (link_.up() && !wrote_last_ && !commands_.empty()) {
    wrote_last_ = true;
    write_next();
    return now;
  }
  wrote_last_ = false;
  if (link_.up()) {
    if (const auto device = watch_.probe_due(now)) {
      probe(*device);
      return now;
    }
  }
  return poll(now) ? now : wake_at();
}

void ChannelLoop::end() {
  driver_.disconnect();
  counters_.channel("stopped", {});
}

MonoTime ChannelLoop::wake_at() const {
  const bool command_waits = !commands_.empty();
  if (!link_.up()) return std::min(scheduler_.wake_at(), link_.connect_at(command_waits));
  return command_waits ? clock_.now() : std::min(scheduler_.wake_at(), watch_.next_probe());
}

// ---- the link

void ChannelLoop::connect() {
  const bool was_down = link_.in_trouble();
  const Status status = link_.connect();
  if (status.fault() == Fault::cancelled) return;
  if (!status.ok()) return link_down();
  if (!was_down) return;
  watch_.link_back(clock_.now());
  for (size_t device = 0; device < plan_.devices.size(); ++device) hurry(device);
}

// Once per loss, and again harmlessly per failed attempt.
void ChannelLoop::link_down() {
  for (size_t device = 0; device < plan_.devices.size(); ++device) {
    if (watch_.offline(device)) continue;
    if (watch_.online(device)) output_.device_state(plan_.devices[device].id, {false, Reason::link_down, link_.trouble()});
    counters_.device(device, false, link_.trouble());
  }
  watch_.link_lost();
  fail_commands(Status(Fault::disconnected, link_.trouble()));
}

void ChannelLoop::fail_commands(const Status& why) {
  while (auto waiting = commands_.pop()) waiting->done({CommandResult::failed, why});
}

// ---- writes

void ChannelLoop::write_next() {
  auto waiting = commands_.pop();
  if (!waiting) return;
  const Command& command = waiting->command;
  const auto device = plan_.writable.find(command.tag);
  if (device == plan_.writable.end()) {
    return waiting->done({CommandResult::failed, Status(Fault::invalid, "no writable tag of this channel")});
  }
  if (clock_.now() >= command.expires) {
    return waiting->done({CommandResult::expired, Status(Fault::timeout, "expired before it could be sent")});
  }
  WriteOutcome outcome = write_once(device->second, command);
  if (outcome.status.fault() == Fault::disconnected) {
    const bool fresh_link = link_.lost(outcome.status);
    if (fresh_link && outcome.result == CommandResult::failed && clock_.now() < command.expires) {
      outcome = write_once(device->second, command);  // nothing had reached the device
      if (outcome.status.fault() == Fault::disconnected) (void)link_.lost(outcome.status);
    }
  }
  waiting->done(std::move(outcome));
  if (!link_.up() && !stop_.raised()) link_down();
}

WriteOutcome ChannelLoop::write_once(size_t device, const Command& command) {
  const MonoTime begun = clock_.now();
  const Deadline deadline = begun + plan_.devices[device].timeout;
  heartbeat_.begin(deadline + Heartbeat::kSlack);
  WriteOutcome outcome = driver_.write(command, deadline);
  ChannelCounters::Cost cost{outcome.status, outcome.result == CommandResult::refused, true, 0, 0, clock_.now() - begun};
  counters_.exchange(device, cost);
  if (outcome.result == CommandResult::done || outcome.result == CommandResult::refused) {
    link_.proven();
    heard(device);
  }
  return outcome;
}

// ---- reads

Exchange ChannelLoop::read_once(size_t device, const Request& request, SampleSink& sink, const PollAnswers* answers) {
  const MonoTime begun = clock_.now();
  const Deadline deadline = begun + plan_.devices[device].timeout;
  heartbeat_.begin(deadline + Heartbeat::kSlack);
  Exchange exchange = driver_.read(request, sink, deadline);
  const Fault fault = exchange.status.fault();
  if (fault == Fault::cancelled) return exchange;
  // Waiting in vain keeps the line busy, too.
  const Duration on_wire = exchange.status.ok() ? exchange.on_wire : clock_.now() - begun;
  const bool refused = answers != nullptr && answers->device_refused();
  counters_.exchange(device, {exchange.status, refused, false, exchange.bytes_out, exchange.bytes_in, on_wire});
  if (fault != Fault::disconnected) link_.proven();
  return exchange;
}

Status ChannelLoop::read(size_t device, const Request& request, SampleSink& sink, const PollAnswers* answers) {
  Status status = read_once(device, request, sink, answers).status;
  if (status.fault() != Fault::disconnected) return status;
  if (link_.lost(status)) {
    status = read_once(device, request, sink, answers).status;
    if (status.fault() == Fault::disconnected) (void)link_.lost(status);
  }
  if (!link_.up() && !stop_.raised()) link_down();
  return status;
}

void ChannelLoop::probe(size_t device) {
  const auto& probes = plan_.devices[device].probes;
  const auto [group, request] = probes[next_probe_[device]++ % probes.size()];
  Unheard sink;
  const MonoTime begun = clock_.now();
  const Status status = read(device, plan_.groups[group].requests[request], sink, nullptr);
  if (is_answer(status)) return heard(device);
  const MonoTime now = clock_.now();
  watch_.probe_failed(device, now, now - begun);
}

bool ChannelLoop::poll(MonoTime now) {
  const auto turn = scheduler_.next(now);
  if (!turn) return false;
  const PollGroup& group = plan_.groups[turn->group];
  if (turn->first) answers_[turn->group].begin_poll();
  if (!link_.up()) {
    finish(turn->group, Reason::link_down);
  } else if (group.requests.empty()) {
    finish(turn->group, Reason::not_read_yet);
  } else if (watch_.offline(group.device)) {
    finish(turn->group, Reason::timeout);
  } else {
    ask(*turn);
  }
  return true;
}

void ChannelLoop::ask(const PollScheduler::Turn& turn) {
  const PollGroup& group = plan_.groups[turn.group];
  PollAnswers& answers = answers_[turn.group];
  answers.begin_request(turn.request);
  const Status status = read(group.device, group.requests[turn.request], answers, &answers);
  if (stop_.raised()) return;  // the poll ends with us
  settle(turn, status);
}

void ChannelLoop::settle(const PollScheduler::Turn& turn, const Status& status) {
  const size_t device = plan_.groups[turn.group].device;
  const Reason missing = reason_of(status);
  if (is_answer(status)) heard(device);
  if (!link_.up() || status.fault() == Fault::timeout) {
    finish(turn.group, missing, status.detail());
    if (status.fault() == Fault::timeout) silent(device);
    return;
  }
  answers_[turn.group].end_request(missing, status.detail());
  if (turn.last) finish(turn.group, Reason::bad_reply);
}

// Gives the poll away. What is left of it is not asked any more.
void ChannelLoop::finish(size_t group, Reason missing, uint16_t detail) {
  scheduler_.end(group, clock_.now());
  if (!output_.poll(answers_[group].end_poll(missing, detail))) {
    answers_[group].refused();
    ++refused_polls_;
  }
  counters_.polls(scheduler_.polls(), scheduler_.overruns() + refused_polls_);
}

// ---- devices

void ChannelLoop::heard(size_t device) {
  const DeviceWatch::Change change = watch_.answered(device, clock_.now());
  if (change == DeviceWatch::Change::none) return;
  counters_.device(device, true, {});
  output_.device_state(plan_.devices[device].id, {true, Reason::none, {}});
  if (change == DeviceWatch::Change::first_answer) return;
  output_.say(false, plan_.devices[device].name + " answers again");
  hurry(device);
}

void ChannelLoop::silent(size_t device) {
  if (!watch_.poll_timed_out(device, clock_.now())) return;
  const std::string text = "does not answer";
  counters_.device(device, false, text);
  output_.device_state(plan_.devices[device].id, {false, Reason::timeout, text});
  output_.say(true, plan_.devices[device].name + " does not answer: check its power, wiring and address");
}

void ChannelLoop::hurry(size_t device) {
  for (const size_t group : plan_.devices[device].groups) scheduler_.hurry(group, clock_.now());
}

}  // namespace ferrule

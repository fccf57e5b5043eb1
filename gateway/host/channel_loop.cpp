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
      frames_(parts.frames),
      counters_(parts.settings, parts.plan, parts.clock),
      link_(parts.settings.name, parts.driver, parts.clock, parts.output, counters_, parts.heartbeat),
      watch_(parts.plan.devices.size(), parts.settings.sick),
      next_probe_(parts.plan.devices.size()),
      replan_(parts.plan.devices.size()) {
  answers_.reserve(plan_.polls.size());
  for (const PollGroup& poll : plan_.polls) {
    answers_.emplace_back(clock_, plan_.devices[poll.device].id, poll.tags, poll.requests);
  }
  for (const PlannedDevice& device : plan_.devices) longest_timeout_ = std::max(longest_timeout_, device.timeout);
}

void ChannelLoop::begin() {
  const MonoTime start = clock_.now();
  const double phase = phase_of(settings_.name);
  // The groups of a device begin together where one's period is a multiple of another's, so that they can share requests.
  for (size_t i = 0; i < plan_.group_count; ++i) {
    const PollGroup& group = plan_.polls[i];
    const Duration fastest = plan_.polls[plan_.devices[group.device].groups.front()].every;
    const MonoTime first = PollScheduler::first_due(start, fastest, group.device, plan_.devices.size(), phase);
    scheduler_.add(group.every, group.requests.size(), first);
  }
  for (size_t i = plan_.group_count; i < plan_.polls.size(); ++i) {
    scheduler_.add_joint(plan_.polls[i].members, plan_.polls[i].requests.size());
  }
  counters_.channel("connecting", {});
  for (const std::string& trouble : plan_.troubles) output_.say(true, trouble);
}

MonoTime ChannelLoop::turn() {
  if (stop_.raised()) return clock_.now();
  heartbeat_.begin(clock_.now() + Heartbeat::kSlack);
  if (!link_.up() && link_.connect_at(somebody_waits()) <= clock_.now()) connect();
  const MonoTime now = clock_.now();
  if (stop_.raised()) return now;

  if (link_.up() && !wrote_last_) {
    if (auto waiting = next_write(now)) {
      wrote_last_ = true;
      write(std::move(*waiting));
      return now;
    }
  }
  wrote_last_ = false;
  if (!parted_last_ && part(now)) {
    parted_last_ = true;
    return now;
  }
  parted_last_ = false;
  if (link_.up()) attend(now);
  if (link_.up() && !asked_last_ && commands_.probe_waits()) {
    asked_last_ = true;
    ask_for_somebody();
    return now;
  }
  asked_last_ = false;
  if (link_.up() && probe(now)) return now;
  return poll(now) || part(now) ? now : wake_at();
}

void ChannelLoop::end() {
  fail_commands(Status(Fault::cancelled, "the channel is stopping"));
  driver_.disconnect();
  counters_.channel("stopped", {});
}

MonoTime ChannelLoop::wake_at() const {
  const bool waited_for = somebody_waits();
  if (!link_.up()) return std::min(scheduler_.wake_at(), link_.connect_at(waited_for));
  const MonoTime now = clock_.now();
  if (waited_for) return now;
  MonoTime wake = std::min({scheduler_.wake_at(), watch_.next_probe(now), attend_at_});
  for (const RefusedRequest& refused : refused_) wake = std::min(wake, driver_.free_at(refused.left.back(), now));
  for (const WaitingCommand& held : held_) wake = std::min(wake, send_at(held.command, now));
  return wake;
}

// A device that tells something is there, and its news go out as a poll of their group.
void ChannelLoop::attend(MonoTime now) {
  const Attention attention = driver_.attend(now);
  attend_at_ = attention.again;
  for (size_t i = 0; i < plan_.group_count && !attention.news.empty(); ++i) {
    const PollGroup& group = plan_.polls[i];
    if (std::ranges::find_first_of(group.tags, attention.news) == group.tags.end()) continue;
    heard(group.device, Duration::zero());
    scheduler_.hurry(i, now);
  }
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
  for (const RefusedRequest& refused : std::exchange(refused_, {})) finish(refused.turn.poll, Reason::link_down);
  for (size_t device = 0; device < plan_.devices.size(); ++device) {
    if (watch_.offline(device)) continue;
    if (watch_.online(device)) output_.device_state(plan_.devices[device].id, {false, Reason::link_down, link_.trouble()});
    counters_.device(device, false, link_.trouble());
  }
  watch_.link_lost();
  fail_commands(Status(Fault::disconnected, link_.trouble()));
}

// ---- exchanges

void ChannelLoop::account(std::optional<size_t> device, const ChannelCounters::Cost& cost) {
  counters_.exchange(device, cost);
  if (frames_ != nullptr) frames_->ended(device, cost.status, cost.on_wire);
}

Exchange ChannelLoop::read_once(size_t device, const Request& request, Duration wait, SampleSink& sink,
                                const PollAnswers* answers) {
  const MonoTime begun = clock_.now();
  const Deadline deadline = begun + wait;
  heartbeat_.begin(deadline + Heartbeat::kSlack);
  Exchange exchange = driver_.read(request, sink, deadline);
  const Fault fault = exchange.status.fault();
  if (fault == Fault::cancelled) return exchange;
  // Waiting in vain keeps the line busy, too.
  const Duration took = clock_.now() - begun;
  if (!exchange.status.ok() || exchange.on_wire == Duration::zero()) exchange.on_wire = took;
  if (fault == Fault::timeout && exchange.bytes_out == 0) return exchange;  // held off: nothing was asked
  const bool refused = answers != nullptr && answers->device_refused();
  account(device, {exchange.status, refused, false, exchange.bytes_out, exchange.bytes_in, exchange.on_wire, request.quiet});
  if (fault != Fault::disconnected) link_.proven();
  if (exchange.replan) replan_[device] = true;
  if (fault == Fault::timeout && wait >= plan_.devices[device].timeout) warn_of_patient_gateway(device, request);
  return exchange;
}

// The line is still busy with what we have just given up. Said once.
void ChannelLoop::warn_of_patient_gateway(size_t device, const Request& request) {
  const MonoTime now = clock_.now();
  const Duration longer = driver_.free_at(request, now) - now;
  if (longer <= Duration::zero() || std::exchange(patient_gateway_, true)) return;
  const auto more = std::chrono::ceil<std::chrono::milliseconds>(longer);
  output_.say(true, "a gateway goes on waiting for " + plan_.devices[device].name +
                        " when its `timeout` is over, and the line is busy " + std::to_string(more.count()) +
                        " ms more: make `timeout` longer than the gateway's own, or that shorter");
}

Exchange ChannelLoop::read(size_t device, const Request& request, Duration wait, SampleSink& sink, const PollAnswers* answers) {
  Exchange exchange = read_once(device, request, wait, sink, answers);
  if (exchange.status.fault() != Fault::disconnected) return exchange;
  if (link_.lost(exchange.status)) {
    exchange = read_once(device, request, wait, sink, answers);
    if (exchange.status.fault() == Fault::disconnected) (void)link_.lost(exchange.status);
  }
  if (!link_.up() && !stop_.raised()) link_down();
  return exchange;
}

bool ChannelLoop::probe(MonoTime now) {
  const auto device = watch_.probe_due(now, scheduler_.wake_at(), longest_timeout_);
  if (!device) return false;
  const Request* request = next_probe(*device);
  if (request == nullptr) {
    watch_.probe_failed(*device, now, Duration::zero());
    return true;
  }
  if (const MonoTime free = driver_.free_at(*request, now); free > now) {
    watch_.put_off(*device, free);
    return true;
  }
  ++next_probe_[*device];
  Unheard sink;
  const Exchange exchange = read(*device, *request, watch_.probe_wait(*device, plan_.devices[*device].timeout), sink, nullptr);
  if (is_answer(exchange.status)) {
    heard(*device, exchange.on_wire);
  } else {
    const MonoTime ended = clock_.now();
    watch_.probe_failed(*device, ended, exchange.on_wire, driver_.free_at(*request, ended) - ended);
  }
  return true;
}

// nullptr: it has none.
const Request* ChannelLoop::next_probe(size_t device) const {
  const std::vector<size_t>& groups = plan_.devices[device].groups;
  size_t count = 0;
  for (const size_t group : groups) count += plan_.polls[group].requests.size();
  if (count == 0) return nullptr;
  size_t number = next_probe_[device] % count;
  for (const size_t group : groups) {
    const Requests& requests = plan_.polls[group].requests;
    if (number < requests.size()) return &requests[number];
    number -= requests.size();
  }
  return nullptr;
}

bool ChannelLoop::poll(MonoTime now) {
  const auto turn = scheduler_.next(now);
  if (!turn) return false;
  const PollGroup& group = plan_.polls[turn->poll];
  if (turn->first) answers_[turn->poll].begin_poll();
  if (!link_.up()) {
    finish(turn->poll, Reason::link_down);
  } else if (group.requests.empty()) {
    finish(turn->poll, Reason::not_read_yet);
  } else if (watch_.offline(group.device)) {
    finish(turn->poll, Reason::timeout);
  } else if (const MonoTime free = driver_.free_at(group.requests[turn->request], now); free > now) {
    scheduler_.postpone(*turn, free);
  } else {
    ask(*turn);
  }
  return true;
}

void ChannelLoop::ask(const PollScheduler::Turn& turn) {
  const PollGroup& group = plan_.polls[turn.poll];
  PollAnswers& answers = answers_[turn.poll];
  answers.begin_request(turn.request);
  Exchange exchange = read(group.device, group.requests[turn.request], plan_.devices[group.device].timeout, answers, &answers);
  if (stop_.raised() && !is_answer(exchange.status)) return;  // the poll ends with us; what has come is kept
  take_answer(turn, std::move(exchange));
}

// Parts go before the polls that are due, but not two in a row, and while one has to wait for a late answer, others go ahead.
bool ChannelLoop::part(MonoTime now) {
  for (RefusedRequest& refused : refused_) {
    if (driver_.free_at(refused.left.back(), now) <= now) return ask_part(refused), true;
  }
  return false;
}

// The rest of the poll waits for them.
void ChannelLoop::begin_parts(const PollScheduler::Turn& turn, Requests&& parts) {
  RefusedRequest* refused = refused_of(turn.poll);
  if (refused == nullptr) {
    refused = &refused_.emplace_back(RefusedRequest{turn, {}});
    scheduler_.hold_back(turn.poll, MonoTime::max());
  }
  refused->left.insert(refused->left.end(), std::make_move_iterator(parts.rbegin()), std::make_move_iterator(parts.rend()));
}

void ChannelLoop::ask_part(RefusedRequest& refused) {
  const PollScheduler::Turn turn = refused.turn;
  const PollGroup& group = plan_.polls[turn.poll];
  PollAnswers& answers = answers_[turn.poll];
  const Request part = std::move(refused.left.back());
  refused.left.pop_back();
  answers.begin_exchange(turn.request);
  Exchange exchange = read(group.device, part, plan_.devices[group.device].timeout, answers, &answers);
  if (stop_.raised()) return;
  take_answer(turn, std::move(exchange));
}

ChannelLoop::RefusedRequest* ChannelLoop::refused_of(size_t poll) {
  const auto found = std::ranges::find_if(refused_, [poll](const RefusedRequest& one) { return one.turn.poll == poll; });
  return found == refused_.end() ? nullptr : &*found;
}

void ChannelLoop::forget_refused(size_t poll) {
  if (std::erase_if(refused_, [poll](const RefusedRequest& one) { return one.turn.poll == poll; }) == 0) return;
  scheduler_.hold_back(poll, MonoTime::min());
}

void ChannelLoop::take_answer(const PollScheduler::Turn& turn, Exchange&& exchange) {
  const size_t device = plan_.polls[turn.poll].device;
  if (is_answer(exchange.status)) heard(device, exchange.on_wire);
  if (!link_.up()) {
    if (scheduler_.under_way(turn.poll)) finish(turn.poll, Reason::link_down, exchange.status.detail());
    return;
  }
  if (exchange.status.fault() == Fault::timeout) return timed_out(turn, exchange);
  if (!exchange.instead.empty()) begin_parts(turn, std::move(exchange.instead));
  if (const RefusedRequest* refused = refused_of(turn.poll); refused != nullptr && !refused->left.empty()) return;
  forget_refused(turn.poll);
  answers_[turn.poll].end_request(reason_of(exchange.status), exchange.status.detail());
  if (turn.last) finish(turn.poll, Reason::bad_reply);
}

// The rest of the poll is not asked: a device that says nothing now would only cost the line as much again. Its next poll begins
// with the same request, the one that a late answer would be right for. After the second time in a row others of its requests
// come first, which tells a silent device from one that is silent about this request only.
void ChannelLoop::timed_out(const PollScheduler::Turn& turn, const Exchange& exchange) {
  const size_t device = plan_.polls[turn.poll].device;
  const bool held_off = exchange.bytes_out == 0;
  forget_refused(turn.poll);
  finish(turn.poll, Reason::timeout, exchange.status.detail());
  if (held_off) return;
  if (turn.poll < plan_.group_count) next_probe_[device] = request_number(turn);
  silent(device);
  const bool others_first = watch_.timeouts(device) % 2 == 0;
  scheduler_.begin_with(turn.poll, others_first ? turn.request + 1 : turn.request);
}

// Gives the poll away. What is left of it is not asked any more.
void ChannelLoop::finish(size_t poll, Reason missing, uint16_t detail) {
  const MonoTime now = clock_.now();
  scheduler_.end(poll, now);
  if (!output_.poll(answers_[poll].end_poll(missing, detail))) {
    answers_[poll].refused();
    ++refused_polls_;
  }
  counters_.poll(plan_.polls[poll].device, scheduler_.polls(), scheduler_.overruns() + refused_polls_);
  if (!link_.up()) overrun_watch_.no_link(scheduler_.overruns(), now);
  switch (overrun_watch_.note(scheduler_.overruns(), now)) {
    case OverrunWatch::News::none: break;
    case OverrunWatch::News::too_slow:
      output_.say(true, "polls are missed, the line cannot keep these periods: read less or less often");
      break;
    case OverrunWatch::News::well: output_.say(false, "no polls are missed any more"); break;
  }
  if (replan_[plan_.polls[poll].device]) plan_anew(plan_.polls[poll].device);
}

// Counted over the groups of its device, as probes count.
size_t ChannelLoop::request_number(const PollScheduler::Turn& turn) const {
  size_t number = turn.request;
  for (const size_t group : plan_.devices[plan_.polls[turn.poll].device].groups) {
    if (group == turn.poll) break;
    number += plan_.polls[group].requests.size();
  }
  return number;
}

void ChannelLoop::plan_anew(size_t device) {
  const PlannedDevice& planned = plan_.devices[device];
  const auto busy = [this](size_t poll) { return scheduler_.under_way(poll); };
  if (std::ranges::any_of(planned.groups, busy)) return;  // after its last poll has ended
  replan_[device] = false;
  replan(plan_, settings_.devices[device], device, driver_);
  const auto renew = [this](size_t poll) {
    const PollGroup& group = plan_.polls[poll];
    answers_[poll] = PollAnswers(clock_, plan_.devices[group.device].id, group.tags, group.requests);
    scheduler_.plan_changed(poll, group.requests.size());
  };
  for (const size_t group : planned.groups) renew(group);
  for (const size_t joint : planned.joints) renew(joint);
  counters_.planned(plan_);
}

// ---- devices

void ChannelLoop::heard(size_t device, Duration took) {
  const DeviceWatch::Change change = watch_.answered(device, clock_.now(), took);
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

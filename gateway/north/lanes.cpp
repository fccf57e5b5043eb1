#include "north/lanes.h"

#include <algorithm>
#include <utility>

#include "north/state_text.h"

namespace ferrule {

namespace {

using namespace std::chrono_literals;

constexpr Kind kEveryKind[] = {Kind::event, Kind::data, Kind::history};  // alarms first

constexpr size_t kBatchRecords = 256;
constexpr size_t kBatchSamples = 4096;
constexpr size_t kEnough = 256;  // records: a batch does not wait for more, and no more backlog is fetched ahead
constexpr size_t kFetchRecords = 512;
constexpr size_t kFetchBytes = 1u << 20;
constexpr Duration kBlocked = 1s;
constexpr Duration kMostPatience = 24s;

}  // namespace

Lanes::Lanes(const Parts& parts)
    : settings_(parts.settings),
      context_(parts.context),
      encoder_(parts.encoder),
      uplink_(parts.uplink),
      backlog_source_(parts.backlog),
      gate_(parts.gate),
      states_(parts.states),
      topics_(parts.settings, parts.context.gateway, parts.context.names),
      pace_(1),
      window_(parts.settings.mqtt.window),
      patience_(parts.settings.mqtt.ack_timeout) {}

void Lanes::connected(uint32_t session, const LinkLimits& limits, MonoTime now) {
  session_ = session;
  began_ = now;
  largest_ = std::min<size_t>(limits.payload, settings_.max_message);
  window_ = std::clamp<uint32_t>(limits.in_flight, 1, settings_.mqtt.window);
  online_told_ = false;
  proven_ = false;
  blocked_until_ = MonoTime::min();
  more_ = true;
  pauses_ = {};
  refusal_.clear();
  pace_ = Pace(window_ - window_ / 8);
  states_.tell_all_again();
  if (!settings_.in_order) gate_.open(session, now);
}

void Lanes::lost(Fault why, MonoTime now) {
  if (!up()) return;
  gate_.close();
  if (why == Fault::disconnected) hung_up(now);
  if (stalled(now) && !proven_)
    patience_ = std::clamp(2 * patience_, settings_.mqtt.ack_timeout, std::max(kMostPatience, settings_.mqtt.ack_timeout));
  lone_ = nullptr;
  for (Queue& queue : live_) {
    for (const Envelope& envelope : queue.waiting) gate_.left(*envelope.record);
    queue.waiting.clear();
  }
  for (Queue& queue : backlog_) queue.waiting.clear();
  for (auto& ready : ready_) ready.clear();
  for (auto& lane : again_) {
    for (auto& kind : lane) kind.clear();
  }
  in_flight_.clear();
  outdated_ = asked_;
  if (!settled_.empty()) backlog_source_.settled(std::exchange(settled_, {}));
  backlog_source_.released(std::exchange(session_, 0));
  counts_.in_flight = 0;
}

void Lanes::live(Envelope envelope, uint32_t session, MonoTime now) {
  if (session != session_ || !up()) {
    gate_.left(*envelope.record);  // taken just before the session ended: the outbox has it as backlog
    return;
  }
  enqueue(live_, std::move(envelope), now);
}

void Lanes::backlog(std::vector<Envelope> envelopes, MonoTime now) {
  asked_ = false;
  if (std::exchange(outdated_, false) || !up()) return;
  if (envelopes.empty()) return;
  more_ = true;
  for (Envelope& envelope : envelopes) enqueue(backlog_, std::move(envelope), now);
}

void Lanes::backlog_waiting() { more_ = true; }

bool Lanes::historical(const Envelope& envelope) const {
  return envelope.boot != context_.boot || envelope.record->read_at < began_;
}

// Of the timestamp of a record that was read before the clock was set.
Duration Lanes::correction(const Envelope& envelope) const {
  const Record& record = *envelope.record;
  if (clock_was_set(record.timestamp) || envelope.boot < context_.first_boot) return Duration{0};
  const WallTime wall = context_.clock.wall();
  if (!clock_was_set(wall)) return Duration{0};
  return wall - (context_.clock.now() - record.read_at) - record.timestamp;
}

Kind Lanes::kind_of(const Envelope& envelope) const {
  if (!std::holds_alternative<Samples>(envelope.record->body)) return Kind::event;
  return historical(envelope) && !settings_.in_order ? Kind::history : Kind::data;
}

BatchLimit Lanes::limit_of(Kind kind) const {
  if (settings_.publish_every == Duration{0} || kind == Kind::event) return {};
  if (suspects_.any_grave()) return {};
  const bool per_device = kind == Kind::data ? topics_.data_per_device() : topics_.history_per_device();
  return {kBatchRecords, kBatchSamples, per_device};
}

void Lanes::enqueue(std::array<Queue, kKinds>& queues, Envelope envelope, MonoTime now) {
  Queue& queue = queues[index_of(kind_of(envelope))];
  if (queue.waiting.empty()) queue.due = now + settings_.publish_every;
  queue.waiting.push_back(std::move(envelope));
}

// A batch of present data waits for publish_every, unless enough has gathered.
bool Lanes::due(const Queue& queue, Kind kind, MonoTime now) const {
  if (queue.waiting.empty()) return false;
  if (kind != Kind::data || now >= queue.due || queue.waiting.size() >= kEnough) return true;
  return historical(queue.waiting.front());
}

void Lanes::pump(MonoTime now) {
  if (up()) {
    while (now >= blocked_until_ && in_flight_.size() < window_ && send_one(now)) {
    }
    ask_for_backlog();
  }
  if (!settled_.empty()) backlog_source_.settled(std::exchange(settled_, {}));
  counts_.in_flight = in_flight_.size();
}

bool Lanes::send_one(MonoTime now) {
  if (send_online(now)) return true;
  if (const auto sent = send_suspect(now)) return *sent;
  return send_lane(Lane::live, now) || send_device_state(now) || send_lane(Lane::backlog, now);
}

// Nothing when there is no grave suspect at hand; else what comes of it: true when something was sent, false to wait.
std::optional<bool> Lanes::send_suspect(MonoTime now) {
  if (!suspects_.any_grave()) return std::nullopt;
  if (suspects_.grave(Suspects::kState) && in_flight_.states() > 0) return false;
  auto& ready = ready_[index_of(Lane::backlog)];
  if (lone_ != nullptr) return !ready.empty() && send_ready(Lane::backlog, now);  // its further parts, then its answer
  for (const Kind kind : kEveryKind) {
    std::deque<Envelope>* queue = suspects_queue(kind, now);
    if (queue == nullptr) continue;
    if (!ready.empty()) return send_ready(Lane::backlog, now);
    if (in_flight_.size() > 0) return false;
    render(Lane::backlog, kind, take_batch(*queue, {}));
    if (!ready.empty()) lone_ = ready.front().batch;
    return true;
  }
  return std::nullopt;
}

// The queue of backlog whose next record is a grave suspect that may be sent.
std::deque<Envelope>* Lanes::suspects_queue(Kind kind, MonoTime now) {
  if (!pauses_[index_of(kind)].may_send(in_flight_.of(kind), now)) return nullptr;
  auto& again = again_[index_of(Lane::backlog)][index_of(kind)];
  auto& queue = again.empty() ? backlog_[index_of(kind)].waiting : again;
  return !queue.empty() && suspects_.grave(queue.front().position) ? &queue : nullptr;
}

bool Lanes::send_online(MonoTime now) {
  if (online_told_ || now < mute_states_until_) return false;
  online_told_ = true;
  publish_state(topics_.state(), online_text(context_.gateway, context_.boot, context_.clock.wall()), DeviceId::none, now);
  return true;
}

bool Lanes::send_device_state(MonoTime now) {
  if (now < mute_states_until_ || in_flight_.states() >= std::max(1u, window_ / 4)) return false;
  const auto next = states_.next();
  if (!next) return false;
  const auto& [device, known] = *next;
  publish_state(topics_.state(device), device_state_text(context_.gateway, context_.names.name(device), known.state, known.since),
                device, now);
  return true;
}

void Lanes::publish_state(const std::string& topic, std::string payload, DeviceId device, MonoTime now) {
  const Publication publication{topic, std::move(payload), settings_.mqtt.qos, true};
  if (!hand_over(publication, {nullptr, device, now, publication.payload.size()}, now)) {
    state_answered(device, Settlement::not_now, "");
  }
}

bool Lanes::send_lane(Lane lane, MonoTime now) {
  if (lane == Lane::backlog && in_flight_.backlog() >= pace_.limit()) return false;
  return send_ready(lane, now) || (ready_[index_of(lane)].empty() && render_next(lane, now) && send_ready(lane, now));
}

bool Lanes::send_ready(Lane lane, MonoTime now) {
  auto& ready = ready_[index_of(lane)];
  if (ready.empty()) return false;
  Ready& next = ready.front();
  if (!hand_over(next.publication, {next.batch, DeviceId::none, now, next.publication.payload.size()}, now)) return false;
  ready.pop_front();
  return true;
}

// False: the transport does not take anything now; it stays where it is, and is tried again later or comes back with the session.
bool Lanes::hand_over(const Publication& publication, InFlight::Message message, MonoTime now) {
  if (now < blocked_until_) return false;
  const uint64_t token = in_flight_.next_token();
  in_flight_.add(std::move(message), now);  // before: the answer may come at once
  const Status status = uplink_.publish(publication, token);
  if (status.ok()) {
    ++counts_.messages_sent;
    counts_.bytes_sent += publication.payload.size();
    return true;
  }
  if (status.worth_retrying()) {
    in_flight_.remove(token, in_flight_.last_progress());
    blocked_until_ = now + kBlocked;
    return false;
  }
  settled(token, Settlement::rejected, status.what(), now);
  return true;
}

// Renders the next batch of the lane that may go; false when there is none.
bool Lanes::render_next(Lane lane, MonoTime now) {
  auto& queues = lane == Lane::live ? live_ : backlog_;
  for (const Kind kind : kEveryKind) {
    if (!pauses_[index_of(kind)].may_send(in_flight_.of(kind), now)) continue;
    auto& again = again_[index_of(lane)][index_of(kind)];
    Queue& queue = queues[index_of(kind)];
    if (!again.empty()) {
      render(lane, kind, take_batch(again, {}));
    } else if (due(queue, kind, now)) {
      auto envelopes = take_batch(queue.waiting, limit_of(kind));
      left(lane, envelopes);
      render(lane, kind, std::move(envelopes));
    } else {
      continue;
    }
    if (!ready_[index_of(lane)].empty()) return true;
    return render_next(lane, now);  // it could not be rendered: the next one
  }
  return false;
}

void Lanes::left(Lane lane, const std::vector<Envelope>& envelopes) {
  if (lane == Lane::backlog) return;
  for (const Envelope& envelope : envelopes) gate_.left(*envelope.record);
}

void Lanes::render(Lane lane, Kind kind, std::vector<Envelope> envelopes) {
  inputs_.clear();
  for (const Envelope& envelope : envelopes) {
    inputs_.push_back({envelope.record.get(), envelope.boot, envelope.seq, historical(envelope), correction(envelope)});
  }
  messages_.clear();
  Status status = encoder_.encode(inputs_, largest_, messages_);
  if (status.ok() && messages_.empty()) status = Status(Fault::invalid, "the encoder rendered nothing");
  const DeviceId device = envelopes.front().record->device;
  auto batch = std::make_shared<Batch>(Batch{.kind = kind, .lane = lane, .envelopes = std::move(envelopes)});
  if (!status) {
    batch->verdict = Settlement::rejected;
    batch->why = status.what();
    reject(*batch);
    return;
  }
  batch->unanswered = static_cast<uint32_t>(messages_.size());
  const std::string& topic = kind == Kind::event     ? topics_.event(device)
                             : kind == Kind::history ? topics_.history(device)
                                                     : topics_.data(device);
  for (std::string& message : messages_) {
    ready_[index_of(lane)].push_back({{topic, std::move(message), settings_.mqtt.qos, false}, batch});
  }
}

size_t Lanes::fetched() const {
  size_t sum = 0;
  for (const Queue& queue : backlog_) sum += queue.waiting.size();
  for (const auto& again : again_[index_of(Lane::backlog)]) sum += again.size();
  return sum;
}

void Lanes::ask_for_backlog() {
  if (asked_ || !more_ || fetched() >= kEnough) return;
  asked_ = true;
  more_ = false;  // until the answer has something or more is announced
  backlog_source_.request(kFetchRecords, kFetchBytes);
}

MonoTime Lanes::wake_at(MonoTime now) const {
  if (!up()) return kNever;
  MonoTime at = kNever;
  if (in_flight_.size() > 0) at = in_flight_.last_progress() + patience_;
  if (now < blocked_until_) at = std::min(at, blocked_until_);
  for (const Kind kind : kEveryKind) {
    const RefusalPause& pause = pauses_[index_of(kind)];
    if (pause.pausing(now)) at = std::min(at, pause.until());
  }
  for (const auto* queues : {&live_, &backlog_}) {
    const Queue& queue = (*queues)[index_of(Kind::data)];
    if (!queue.waiting.empty() && queue.due > now) at = std::min(at, queue.due);
  }
  return at;
}

bool Lanes::stalled(MonoTime now) const { return up() && in_flight_.size() > 0 && now - in_flight_.last_progress() >= patience_; }

}  // namespace ferrule

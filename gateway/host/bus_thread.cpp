#include "host/bus_thread.h"

#include <algorithm>
#include <future>

namespace ferrule {

namespace {
constexpr Duration kCountEvery = std::chrono::milliseconds(50);
constexpr Duration kLongestBatch = std::chrono::seconds(25);  // then the watchdog may think that the bus hangs
}  // namespace

BusThread::BusThread(const Clock& clock, const Names& names, TagTable& table, LiveFeed& feed, OutboxThread& outbox)
    : clock_(clock), names_(names), feed_(feed), outbox_(outbox), bus_(clock, names, table), position_(outbox.first_position()) {}

BusThread::~BusThread() { stop(); }

void BusThread::start() {
  thread_ = std::thread([this] { run(); });
}

void BusThread::stop() {
  inbox_.close();
  if (thread_.joinable()) thread_.join();
}

void BusThread::configure(std::shared_ptr<const GatewaySettings> settings, std::vector<Route> routes) {
  std::promise<void> done;
  inbox_.push_always(Configure{std::move(settings), std::move(routes), [&] { done.set_value(); }});
  done.get_future().wait();
}

bool BusThread::offer(Poll&& poll, Receipt&& receipt) {
  const size_t samples = poll.samples.size();
  if (waiting_samples_.fetch_add(samples, std::memory_order_relaxed) > kMostWaiting) {
    waiting_samples_.fetch_sub(samples, std::memory_order_relaxed);
    return false;
  }
  // The limit above bounds it.
  inbox_.push_always(receipt ? Message(Push{std::move(poll), std::move(receipt)}) : Message(std::move(poll)));
  return true;
}

void BusThread::announce(Record record) { (void)inbox_.push(Message(std::move(record))); }

void BusThread::processed(std::span<const Sample> samples, Duration wall_offset) {
  feed_.publish(samples, wall_offset);
  if (has_rules_) rules_->samples(samples, *this);
}

void BusThread::derived(const Sample& sample) { derived_.push_back(sample); }

void BusThread::alarm(Alarm alarm, DeviceId device, MonoTime at) {
  send(std::make_shared<const Record>(Record{device, at, wall_of(at), std::move(alarm)}));
}

WallTime BusThread::wall_of(MonoTime at) const { return clock_.wall() - (clock_.now() - at); }

void BusThread::take(Poll&& poll, Receipt receipt) {
  RecordPtr record = bus_.take(std::move(poll));
  if (record == nullptr) return receipt.settle(true);  // nothing of it goes on
  send(std::move(record), std::move(receipt));
}

// What rules derived becomes a poll of its own, a device at a time. Rules that read a derived tag have it already.
void BusThread::take_derived() {
  while (!derived_.empty()) {
    const DeviceId device = names_.device_of(derived_.front().tag);
    const auto others = std::stable_partition(derived_.begin(), derived_.end(),
                                              [&](const Sample& sample) { return names_.device_of(sample.tag) == device; });
    Poll poll{device, Samples(derived_.begin(), others)};
    derived_.erase(derived_.begin(), others);
    take(std::move(poll));
  }
}

// With write: ahead the outbox thread hands it over, once it is durable.
uint32_t BusThread::claim(const Route& route, const Envelope& envelope) {
  return outbox_.settings().write_ahead ? route.runner->claim(*envelope.record) : route.runner->offer(envelope);
}

void BusThread::send(RecordPtr record, Receipt receipt) {
  const auto* loss = std::get_if<Loss>(&record->body);
  OutboxEntry entry{record, position_, std::vector<uint64_t>(kMaxUplinks, 0), std::vector<uint32_t>(kMaxUplinks, 0)};
  bool wanted = false;
  for (const Route& route : routes_) {
    if (loss != nullptr && !loss->uplink.empty() && loss->uplink != route.name) continue;
    const auto index = static_cast<size_t>(route.uplink);
    entry.seq[index] = ++seq_[index];
    wanted = true;
    if (route.live) entry.claimed[index] = claim(route, {record, position_, outbox_.boot(), entry.seq[index]});
  }
  if (!wanted) return receipt.settle(true);
  ++position_;
  if (outbox_.append(std::move(entry), std::move(receipt))) return;
  for (const Route& route : routes_) tallies_[static_cast<size_t>(route.uplink)].dropped += sample_count(*record);
}

// Adds what the bus has counted since the last time to the uplinks that are configured.
void BusThread::count() {
  const BusCounters now = bus_.counters();
  if (now.read == counted_.read) return;
  uncounted_ = true;
  for (const Route& route : routes_) {
    Tally& tally = tallies_[static_cast<size_t>(route.uplink)];
    tally.read += now.read - counted_.read;
    tally.suppressed += now.suppressed - counted_.suppressed;
  }
  counted_ = now;
}

// Returns when it wants to be called next.
MonoTime BusThread::report_counts(MonoTime now) {
  count();
  if (!uncounted_) return MonoTime::max();
  if (now < counts_due_) return counts_due_;
  uncounted_ = false;
  counts_due_ = now + kCountEvery;
  outbox_.count(tallies_);
  return MonoTime::max();
}

void BusThread::handle(Configure& change) {
  count();  // for the uplinks as they were
  rules_ = std::make_unique<Rules>(change.settings->rules, names_);
  has_rules_ = !change.settings->rules.empty();
  bus_.configure(change.settings->channels, change.settings->rules, this);
  settings_ = std::move(change.settings);
  routes_ = std::move(change.routes);
  for (const Route& route : routes_) tallies_.resize(std::max(tallies_.size(), static_cast<size_t>(route.uplink) + 1));
  uncounted_ = true;
  change.done();
}

void BusThread::handle(Message& message) {
  if (auto* poll = std::get_if<Poll>(&message)) {
    waiting_samples_.fetch_sub(poll->samples.size(), std::memory_order_relaxed);
    take(std::move(*poll));
    take_derived();
  } else if (auto* push = std::get_if<Push>(&message)) {
    waiting_samples_.fetch_sub(push->poll.samples.size(), std::memory_order_relaxed);
    take(std::move(push->poll), std::move(push->receipt));
    take_derived();
  } else if (auto* record = std::get_if<Record>(&message)) {
    send(std::make_shared<const Record>(std::move(*record)));
  } else {
    handle(std::get<Configure>(message));
  }
}

MonoTime BusThread::timers() {
  const MonoTime now = clock_.now();
  MonoTime next = bus_.expire(now, expired_);
  for (RecordPtr& record : expired_) send(std::move(record));
  expired_.clear();
  if (rules_ != nullptr) {
    next = std::min(next, rules_->tick(now, *this));
    take_derived();
  }
  return next;
}

void BusThread::run() {
  std::vector<Message> batch;
  MonoTime wake_at = clock_.now();
  while (inbox_.drain(batch, wake_at)) {
    heartbeat_.begin(clock_.now() + kLongestBatch);
    for (Message& message : batch) handle(message);
    batch.clear();
    wake_at = timers();
    wake_at = std::min(wake_at, report_counts(clock_.now()));
    heartbeat_.rest();
  }
}

}  // namespace ferrule

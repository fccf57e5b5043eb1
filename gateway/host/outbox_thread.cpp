#include "host/outbox_thread.h"

#include <algorithm>

#include "host/log.h"

namespace ferrule {

namespace {
// Records that are on their way already, and what became of them, can wait: a wake-up for each costs more than the work.
constexpr Duration kGather = std::chrono::milliseconds(20);
}  // namespace

// What a runner calls on its own thread; each call becomes a message.
class OutboxThread::Adapter final : public Backlog {
 public:
  Adapter(OutboxThread& thread, UplinkIndex uplink) : thread_(thread), uplink_(uplink) {}
  void request(size_t max_records, size_t max_bytes) override {
    thread_.inbox_.push_always(Request{uplink_, max_records, max_bytes});
  }
  void settled(std::vector<uint64_t> positions) override { thread_.inbox_.push_always(Settle{uplink_, std::move(positions)}); }
  void rejected(uint64_t position, std::string why) override {
    thread_.inbox_.push_always(Reject{uplink_, position, std::move(why)});
  }
  void released(uint32_t session) override { thread_.inbox_.push_always(Release{uplink_, session}); }

 private:
  OutboxThread& thread_;
  const UplinkIndex uplink_;
};

OutboxThread::OutboxThread(std::unique_ptr<Outbox> outbox, OutboxSettings settings, const Clock& clock,
                           std::function<void(std::vector<Loss>)> on_losses)
    : outbox_(std::move(outbox)),
      settings_(std::move(settings)),
      clock_(clock),
      on_losses_(std::move(on_losses)),
      boot_(outbox_->boot()),
      first_position_(outbox_->next_position()) {
  for (size_t i = 0; i < kMaxUplinks; ++i) adapters_[i] = std::make_unique<Adapter>(*this, static_cast<UplinkIndex>(i));
}

OutboxThread::~OutboxThread() { stop(); }

void OutboxThread::start() {
  thread_ = std::thread([this] { run(); });
}

void OutboxThread::stop() {
  inbox_.close();
  if (thread_.joinable()) thread_.join();
}

void OutboxThread::call_and_wait(std::function<void()> call) {
  if (!thread_.joinable()) {
    call();
    return;
  }
  std::promise<void> done;
  inbox_.push_always(Call{[&] {
    call();
    done.set_value();
  }});
  done.get_future().wait();
}

OutboxCounters OutboxThread::counters() const {
  OutboxCounters counters = outbox_->counters();
  const int64_t since = busy_since_.load(std::memory_order_relaxed);
  const Duration busy = since == 0 ? Duration{0} : clock_.now() - MonoTime(Duration(since));
  if (busy >= kStalled) {
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(busy).count();
    counters.trouble = "the disk has not answered for " + std::to_string(seconds) + " s";
  }
  return counters;
}

bool OutboxThread::ask(std::function<void(Outbox&)> question) {
  auto done = std::make_shared<std::promise<void>>();
  std::future<void> answered = done->get_future();
  inbox_.push_always(Call{[this, done, question = std::move(question)] {
    question(*outbox_);
    done->set_value();
  }});
  return answered.wait_for(kPatience) == std::future_status::ready;
}

UplinkIndex OutboxThread::attach(const std::string& name) {
  UplinkIndex index{};
  call_and_wait([&] {
    index = outbox_->attach(name);
    book_.attached(outbox_->counters());
  });
  return index;
}

void OutboxThread::settle_membership() {
  call_and_wait([this] { outbox_->settle_membership(); });
}

void OutboxThread::connect(UplinkIndex uplink, UplinkRunner* runner) {
  call_and_wait([&] {
    runners_[static_cast<size_t>(uplink)] = runner;
    if (runner != nullptr) released_[static_cast<size_t>(uplink)] = 0;  // a new runner counts its sessions anew
  });
}

Backlog& OutboxThread::backlog(UplinkIndex uplink) { return *adapters_[static_cast<size_t>(uplink)]; }

bool OutboxThread::append(OutboxEntry entry, Receipt receipt) {
  const size_t samples = sample_count(*entry.record);
  Message message = receipt ? Message(Pushed{std::move(entry), std::move(receipt)}) : Message(std::move(entry));
  const size_t waiting = waiting_samples_.fetch_add(samples, std::memory_order_relaxed);
  if (waiting <= kMostWaiting && inbox_.push(std::move(message))) return true;
  waiting_samples_.fetch_sub(samples, std::memory_order_relaxed);
  dropped_samples_.fetch_add(samples, std::memory_order_relaxed);
  return false;
}

void OutboxThread::handle(OutboxEntry& entry) {
  waiting_samples_.fetch_sub(sample_count(*entry.record), std::memory_order_relaxed);
  for (size_t i = 0; i < entry.seq.size(); ++i) {
    if (entry.seq[i] == 0) continue;
    if (settings_.write_ahead && entry.claimed[i] != 0) {
      durable_soon_[i].push_back({{entry.record, entry.position, boot_, entry.seq[i]}, entry.claimed[i]});
    }
    // Claimed just before the session's end, of which the runner has told already.
    if (entry.claimed[i] <= released_[i]) entry.claimed[i] = 0;
    if (entry.claimed[i] == 0) waiting_[i] = true;
  }
  outbox_->append(std::move(entry));
}

void OutboxThread::handle(Request& request) {
  UplinkRunner* runner = runners_[static_cast<size_t>(request.uplink)];
  // What came in the same batch as the request must not be handed out before it is durable.
  if (settings_.write_ahead) (void)outbox_->commit();
  if (runner != nullptr) runner->backlog(outbox_->next(request.uplink, request.max_records, request.max_bytes));
}

void OutboxThread::handle(const Tallies& tallies) {
  auto balances = book_.at(tallies, outbox_->counters());
  balances_.with([&](auto& known) { known = std::move(balances); });
}

void OutboxThread::handle(Message& message) {
  if (auto* entry = std::get_if<OutboxEntry>(&message)) return handle(*entry);
  if (auto* pushed = std::get_if<Pushed>(&message)) {
    receipts_.push_back(std::move(pushed->receipt));
    receipts_due_ = std::min(receipts_due_, clock_.now() + kReceiptGrain);
    return handle(pushed->entry);
  }
  if (auto* settle = std::get_if<Settle>(&message)) return outbox_->settle(settle->uplink, settle->positions);
  if (auto* reject = std::get_if<Reject>(&message)) return outbox_->reject(reject->uplink, reject->position, reject->why);
  if (auto* request = std::get_if<Request>(&message)) return handle(*request);
  if (auto* tallies = std::get_if<Tallies>(&message)) return handle(*tallies);
  if (auto* release = std::get_if<Release>(&message)) {
    outbox_->release(release->uplink, release->session);
    released_[static_cast<size_t>(release->uplink)] = release->session;
    waiting_[static_cast<size_t>(release->uplink)] = true;
    return;
  }
  std::get<Call>(message).run();
}

// With write: ahead nothing is sent before it is durable; runners get live data and hear of new backlog only after that. While
// the disk fails live data goes on all the same: that is in counters().trouble, and tick() tries again.
void OutboxThread::after_batch() {
  if (settings_.write_ahead) {
    (void)outbox_->commit();
    hand_over();
  }
  tell_of_backlog();
}

void OutboxThread::tell_of_backlog() {
  for (size_t i = 0; i < kMaxUplinks; ++i) {
    if (waiting_[i] && runners_[i] != nullptr) runners_[i]->backlog_waiting();
    waiting_[i] = false;
  }
}

void OutboxThread::hand_over() {
  for (size_t i = 0; i < kMaxUplinks; ++i) {
    for (Live& live : durable_soon_[i]) {
      if (runners_[i] != nullptr) runners_[i]->live(std::move(live.envelope), live.session);
    }
    durable_soon_[i].clear();
  }
}

// What is committed here was not settled by its uplinks yet: the rest costs no write.
void OutboxThread::settle_receipts() {
  if (receipts_.size() < kMostReceipts && clock_.now() < receipts_due_) return;
  const bool durable = outbox_->commit().ok();
  for (Receipt& receipt : receipts_) receipt.settle(durable);
  receipts_.clear();
  receipts_due_ = MonoTime::max();
}

void OutboxThread::report_dropped() {
  const uint64_t dropped = dropped_samples();
  if (dropped == dropped_reported_) return;
  on_losses_({Loss{"", dropped_since_, clock_.wall(), dropped - dropped_reported_, "the outbox's disk is too slow"}});
  dropped_reported_ = dropped;
}

// Not a record that is to become backlog, nor anything that somebody waits for.
bool OutboxThread::can_wait(const Message& message) {
  if (std::holds_alternative<Settle>(message) || std::holds_alternative<Tallies>(message)) return true;
  const auto* entry = std::get_if<OutboxEntry>(&message);
  if (entry == nullptr) return false;
  for (size_t i = 0; i < entry->seq.size(); ++i) {
    if (entry->seq[i] != 0 && entry->claimed[i] == 0) return false;
  }
  return true;
}

void OutboxThread::run() {
  std::vector<Message> batch;
  MonoTime wake_at = clock_.now();
  dropped_since_ = clock_.wall();
  while (busy_since_ = 0, inbox_.drain(batch, std::min(wake_at, receipts_due_))) {
    busy_since_ = clock_.now().time_since_epoch().count();
    const bool may_gather = !settings_.write_ahead && std::ranges::all_of(batch, can_wait);
    for (Message& message : batch) handle(message);
    batch.clear();
    after_batch();
    settle_receipts();
    wake_at = outbox_->tick();
    if (outbox_->take_healed()) {  // what could not be read is backlog that waits
      waiting_.fill(true);
      tell_of_backlog();
    }
    if (auto losses = outbox_->take_losses(); !losses.empty()) on_losses_(std::move(losses));
    for (const std::string& note : outbox_->take_notes()) log(LogLevel::warning, "outbox: " + note);
    report_dropped();
    if (may_gather) std::this_thread::sleep_for(kGather);
  }
  const Status committed = outbox_->commit();
  for (Receipt& receipt : receipts_) receipt.settle(committed.ok());
  if (!committed.ok()) on_losses_({});
}

}  // namespace ferrule

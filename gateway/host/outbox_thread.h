// The outbox's thread: the only caller of Outbox, and so the only one that touches the database.
//
// Everything reaches it as a message through one bounded queue; answers go to the uplink runners. A disk that stalls for seconds
// stalls only this thread: the queue holds kMostWaiting samples, beyond that records are dropped, counted, and reported as a
// loss.
#pragma once

#include <array>
#include <atomic>
#include <functional>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <variant>
#include <vector>

#include "core/bounded_queue.h"
#include "core/guarded.h"
#include "host/balance.h"
#include "host/heartbeat.h"
#include "host/receipt.h"
#include "north/uplink_runner.h"
#include "outbox/outbox.h"

namespace ferrule {

class OutboxThread {
 public:
  static constexpr size_t kMostWaiting = 1'000'000;  // samples, 40 MB
  // Receipts wait this long for others, then all are committed together: with the commit itself, 50 ms on usual flash.
  static constexpr Duration kReceiptGrain = std::chrono::milliseconds(20);
  static constexpr Duration kStalled = std::chrono::seconds(5);
  static constexpr std::chrono::seconds kPatience{2};
  static constexpr size_t kMostReceipts = 10'000;  // then at once

  // `on_losses` is called on the outbox thread.
  OutboxThread(std::unique_ptr<Outbox> outbox, OutboxSettings settings, const Clock& clock,
               std::function<void(std::vector<Loss>)> on_losses);
  ~OutboxThread();

  uint64_t boot() const { return boot_; }
  uint64_t first_position() const { return first_position_; }

  void start();
  // Takes what waits, commits it and ends the thread.
  void stop();

  // Main thread, before or after start(). The index of this uplink, for OutboxEntry and for backlog().
  UplinkIndex attach(const std::string& name);
  void settle_membership();
  // Where the answers to backlog(uplink) go; null: nowhere, the runner is about to end. Returns when it is in force.
  void connect(UplinkIndex uplink, UplinkRunner* runner);
  // For that uplink's runner. Valid as long as this object.
  Backlog& backlog(UplinkIndex uplink);

  // Bus thread. The receipt is settled when the entry is committed, or is not kept. False: the queue is full, the record is
  // dropped.
  bool append(OutboxEntry entry, Receipt receipt = {});
  // Bus thread: what it has counted up to the last record that it appended.
  void count(Tallies tallies) { inbox_.push_always(Message(std::move(tallies))); }

  // Any thread. Says so, too, when the disk has not answered for a while: then what is read now goes on, from memory.
  OutboxCounters counters() const;
  // Not the outbox thread. Runs `question` there and waits for it; false: the disk did not answer within kPatience, and the
  // question may still be run later, so it must own what it uses.
  bool ask(std::function<void(Outbox&)> question);
  // Any thread.
  std::vector<Balance> balances() const { return balances_.copy(); }  // by UplinkIndex
  uint64_t dropped_samples() const { return dropped_samples_.load(std::memory_order_relaxed); }
  const OutboxSettings& settings() const { return settings_; }

 private:
  struct Settle {
    UplinkIndex uplink;
    std::vector<uint64_t> positions;
  };
  struct Reject {
    UplinkIndex uplink;
    uint64_t position;
    std::string why;
  };
  struct Release {
    UplinkIndex uplink;
    uint32_t session;
  };
  struct Request {
    UplinkIndex uplink;
    size_t max_records, max_bytes;
  };
  struct Call {
    std::function<void()> run;
  };
  struct Pushed {
    OutboxEntry entry;
    Receipt receipt;
  };
  using Message = std::variant<OutboxEntry, Pushed, Settle, Reject, Release, Request, Tallies, Call>;
  class Adapter;

  static bool can_wait(const Message& message);
  void run();
  void handle(Message& message);
  void handle(OutboxEntry& entry);
  void handle(Request& request);
  void handle(const Tallies& tallies);
  void after_batch();
  void tell_of_backlog();
  void hand_over();
  void call_and_wait(std::function<void()> run);
  void report_dropped();
  void settle_receipts();

  std::unique_ptr<Outbox> outbox_;
  const OutboxSettings settings_;
  const Clock& clock_;
  const std::function<void(std::vector<Loss>)> on_losses_;
  const uint64_t boot_;
  const uint64_t first_position_;
  BoundedQueue<Message> inbox_{1'000'000};
  std::atomic<size_t> waiting_samples_{0};
  std::atomic<uint64_t> dropped_samples_{0};
  std::atomic<int64_t> busy_since_{0};  // MonoTime in ns; 0: waiting for work
  std::array<std::unique_ptr<Adapter>, kMaxUplinks> adapters_;
  Guarded<std::vector<Balance>> balances_;
  // Outbox thread only.
  BalanceBook book_;
  std::array<UplinkRunner*, kMaxUplinks> runners_{};
  std::array<bool, kMaxUplinks> waiting_{};       // something became backlog in this batch
  std::array<uint32_t, kMaxUplinks> released_{};  // the runner's sessions up to this one are over
  struct Live {
    Envelope envelope;
    uint32_t session;
  };
  std::array<std::vector<Live>, kMaxUplinks> durable_soon_;  // with write: ahead: claimed, to be handed over after the commit
  std::vector<Receipt> receipts_;                            // of entries that are not committed
  MonoTime receipts_due_ = MonoTime::max();
  uint64_t dropped_reported_ = 0;
  WallTime dropped_since_;
  std::thread thread_;
};

}  // namespace ferrule

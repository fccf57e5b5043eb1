// The bus's thread: the one place where samples are processed, rules run, and records get their position and sequence numbers.
//
// Channels push polls; everything else (new routes, losses, outcomes of commands) comes through the same queue, so order is the
// queue's. For each record: every uplink is offered it live, then the outbox gets it with what the uplinks said.
#pragma once

#include <array>
#include <atomic>
#include <functional>
#include <memory>
#include <span>
#include <thread>
#include <variant>
#include <vector>

#include "bus/bus.h"
#include "bus/live_feed.h"
#include "core/bounded_queue.h"
#include "host/heartbeat.h"
#include "host/outbox_thread.h"
#include "rules/rules.h"

namespace ferrule {

class BusThread final : private Bus::Watch, private RuleOutput {
 public:
  static constexpr size_t kMostWaiting = 500'000;  // samples, 20 MB

  BusThread(const Clock& clock, const Names& names, TagTable& table, LiveFeed& feed, OutboxThread& outbox);
  ~BusThread();

  void start();
  void stop();  // processes what waits, then ends

  // Main thread: the tags, rules and uplinks from now on. Returns when they are in force, so that what they replace may be
  // destroyed.
  struct Route {
    UplinkIndex uplink;
    std::string name;
    UplinkRunner* runner = nullptr;
    bool live = true;  // false: everything goes through the backlog
  };
  void configure(std::shared_ptr<const GatewaySettings> settings, std::vector<Route> routes);

  // Any thread. False: full; the poll and the receipt are left untouched. A receipt is settled once: see receipt.h.
  bool offer(Poll&& poll) { return offer(std::move(poll), Receipt()); }
  bool offer(Poll&& poll, Receipt&& receipt);
  // Any thread; an event for the uplinks, all or (for a Loss) the one that it names.
  void announce(Record record);

  const Heartbeat& heartbeat() const { return heartbeat_; }

 private:
  struct Configure {
    std::shared_ptr<const GatewaySettings> settings;
    std::vector<Route> routes;
    std::function<void()> done;
  };
  struct Push {
    Poll poll;
    Receipt receipt;
  };
  using Message = std::variant<Poll, Push, Record, Configure>;

  bool wants(TagId) const override { return false; }  // rules take whole polls, in processed()
  void processed(std::span<const Sample> samples, Duration wall_offset) override;
  void sample(const Sample&) override {}
  void derived(const Sample& sample) override;
  void alarm(Alarm alarm, DeviceId device, MonoTime at) override;

  void run();
  void handle(Message& message);
  void handle(Configure& change);
  void take(Poll&& poll, Receipt receipt = {});
  void take_derived();
  void send(RecordPtr record, Receipt receipt = {});
  uint32_t claim(const Route& route, const Envelope& envelope);
  MonoTime timers();
  void count();
  MonoTime report_counts(MonoTime now);
  WallTime wall_of(MonoTime at) const;

  const Clock& clock_;
  const Names& names_;
  LiveFeed& feed_;
  OutboxThread& outbox_;
  BoundedQueue<Message> inbox_{100'000};
  std::atomic<size_t> waiting_samples_{0};
  Heartbeat heartbeat_;
  // Bus thread only.
  Bus bus_;
  std::unique_ptr<Rules> rules_;
  bool has_rules_ = false;
  std::shared_ptr<const GatewaySettings> settings_;
  std::vector<Route> routes_;
  std::array<uint64_t, kMaxUplinks> seq_{};
  Tallies tallies_;
  BusCounters counted_;     // up to here the tallies have it
  bool uncounted_ = false;  // the outbox thread has yet to hear of the tallies
  MonoTime counts_due_ = MonoTime::min();
  uint64_t position_;
  std::vector<Sample> derived_;  // by rules, not yet taken
  std::vector<RecordPtr> expired_;
  std::thread thread_;
};

}  // namespace ferrule

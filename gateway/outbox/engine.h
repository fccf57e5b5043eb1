// The outbox at work: what outbox.h promises, put together from Fresh (memory), Ledger (who needs what), Store (the file) and
// LossBook. See outbox.h for the contract of each call; this class is its implementation, spread over
//   engine.cpp   records in, settlements in
//   backlog.cpp  records out
//   writing.cpp  when and what to commit: blocks, merging, cursors
//   room.cpp     limits: size, age, memory
//   opening.cpp  start, trouble, starting again
//   operations.cpp  what operators ask
// Outbox thread only, counters() excepted.
#pragma once

#include <array>
#include <atomic>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "core/guarded.h"
#include "outbox/dictionary.h"
#include "outbox/fresh.h"
#include "outbox/ledger.h"
#include "outbox/loss_book.h"
#include "outbox/outbox.h"
#include "outbox/store.h"

namespace ferrule::outbox {

// An uplink as the engine sees it.
struct Side {
  struct Held {            // a record in the uplink's hands
    uint32_t session = 0;  // 0: handed out from the backlog
    uint32_t samples = 0;
  };
  uint32_t id = 0;  // stored id
  std::string name;
  bool attached = false;
  bool saved = false;  // the file has a row for it
  std::string cursor;  // as the file has it, encoded
  std::unordered_map<uint64_t, Held> held;
  std::map<uint64_t, std::optional<std::string>> early;  // settled before they came; with a reason: rejected
  uint64_t reader = 0;                                   // everything up to here was handed out, or need not be
  uint64_t cached_first = 0;                             // the block that `cached` is
  std::shared_ptr<const Block> cached;
};

// Counters that any thread may read while the outbox thread counts on.
struct LiveCounters {
  struct PerUplink {
    std::atomic<uint64_t> waiting_records{0}, waiting_samples{0}, settled_samples{0}, dropped_samples{0}, dead_letters{0};
  };
  std::array<PerUplink, kMaxUplinks> uplinks;
  std::atomic<uint64_t> memory_bytes{0}, disk_bytes{0}, blocks{0}, bytes_written{0}, commits{0};
  struct Words {
    std::vector<std::string> names;
    std::string trouble;
  };
  Guarded<Words> words;
};

class Engine {
 public:
  Engine(const OutboxSettings& settings, const OutboxLimits& limits, const Clock& clock, Names& names);

  Status open(std::vector<std::string>& notes);
  void close();

  uint64_t boot() const { return boot_; }
  uint64_t next_position() const { return last_position_ + 1; }
  UplinkIndex attach(std::string_view name);
  void settle_membership();

  void append(OutboxEntry entry);
  void settle(UplinkIndex uplink, std::span<const uint64_t> positions);
  void reject(UplinkIndex uplink, uint64_t position, std::string_view why);
  void release(UplinkIndex uplink, uint32_t session);
  std::vector<Envelope> next(UplinkIndex uplink, size_t max_records, size_t max_bytes);

  MonoTime tick();
  Status commit();
  std::vector<Loss> take_losses() { return losses_.take(clock_.now()); }
  std::vector<std::string> take_notes() { return std::exchange(notes_, {}); }
  bool take_healed() { return std::exchange(has_healed_, false); }
  OutboxCounters counters() const;

  // operations.cpp
  std::vector<Envelope> peek(UplinkIndex uplink, uint64_t after, size_t max_records, size_t max_samples);
  Result<std::vector<DeadLetterRecord>> dead_letters(int64_t after, size_t max_records);
  uint64_t purge(UplinkIndex uplink);
  Status purge_dead_letters();

 private:
  struct Writing;  // one transaction in the making, writing.cpp
  using Counters = LiveCounters::PerUplink;

  // opening.cpp
  Result<Store> open_store(Contents& contents, std::vector<std::string>& notes);
  void tell_salvage(const Contents& contents);
  void count_boot(uint64_t last);
  void take_contents(const Contents& contents);
  void start_cursor(Side& side, const CursorState& state);
  Status open_again();
  void take_again(const Contents& contents, bool anew);
  void forget_stored_again();
  void in_trouble(const Status& status);
  void healed();

  // engine.cpp
  Side* side(UplinkIndex uplink);
  Side& add_side(std::string_view name);
  void give_up_unknown();
  void accept(FreshEntry& entry, size_t index, uint32_t claimed);
  void finish(size_t index, uint64_t position, const std::string* rejected);
  void count_end(size_t index, uint64_t samples, bool rejected);
  void bury(Side& side, const Record& record, uint64_t position, uint64_t boot, uint64_t seq, const std::string& why);
  void publish_counters();
  void mark_dirty();

  // backlog.cpp
  Result<std::shared_ptr<const Block>> load(Side* reader, uint64_t first);
  bool drop_unreadable(const Status& status, uint64_t first);
  struct Handing;
  bool hand_from_block(Handing& handing, const Ledger::Stored& stored);
  void hand_from_memory(Handing& handing);
  const BlockEntry* find_stored(Side* reader, uint64_t position, std::shared_ptr<const Block>& block);

  // writing.cpp
  size_t sealable(bool all) const;
  Writing plan(size_t sealing, bool everything);
  Status write(size_t sealing, bool everything);
  void plan_blocks(Writing& writing, size_t count);
  void plan_block(Writing& writing, Block block);
  bool prepend_small(Writing& writing, Block& block, uint64_t level);
  void take_unsettled(const Block& from, const std::vector<uint32_t>& uplinks, std::vector<BlockEntry>& to) const;
  void plan_housekeeping(Writing& writing);
  void plan_names_and_uplinks(Writing& writing);
  void written(Writing& writing);
  bool seal_due(MonoTime now) const;
  bool housekeeping_due(MonoTime now) const;
  void vacuum(MonoTime now);

  // room.cpp
  struct Room;
  Room room() const;
  bool fits(const Writing& writing, uint64_t bytes) const;
  bool waits_for_room(const Writing& writing) const;
  void plan_room(Writing& writing);
  void plan_age(Writing& writing);
  void evict(Writing& writing, const Ledger::Stored& stored, const char* why);
  void evict_but_events(Writing& writing, const Ledger::Stored& stored, const char* why);
  void join_events_before(Writing& writing, uint64_t first, Block& block) const;
  bool thin_oldest(Writing& writing, const char* why);
  void replace(Writing& writing, Block block, uint64_t level, Duration sealed_at);
  void give_up_own(Writing& writing, const char* why);
  void count_lost(uint32_t uplink, uint64_t records, uint64_t samples);
  void lose(const Side& side, WallTime from, WallTime to, uint64_t records, uint64_t samples, const char* why);
  void keep_memory_limit();

  Duration running_time() const { return running_base_ + (clock_.now() - opened_at_); }

  const OutboxSettings settings_;
  const OutboxLimits limits_;
  const Clock& clock_;
  StoreSettings store_settings_;
  std::optional<Store> store_;
  Dictionary dictionary_;
  Ledger ledger_;
  Fresh fresh_;
  LossBook losses_;
  std::vector<std::unique_ptr<Side>> sides_;  // attached ones first, by UplinkIndex
  size_t attached_ = 0;
  uint32_t last_uplink_ = 0;
  std::vector<uint32_t> removed_uplinks_;  // not yet in the file
  std::vector<uint64_t> unreadable_;       // blocks to erase with the next transaction
  std::vector<DeadLetter> dead_letters_;   // not yet in the file
  std::vector<std::string> notes_;         // not yet taken
  uint64_t boot_ = 0;
  bool boot_saved_ = true;
  uint64_t last_position_ = 0;
  MonoTime opened_at_;
  Duration running_base_{0};  // how long the gateway had run when it was opened, as far as the file knows
  std::optional<MonoTime> dirty_since_;
  std::optional<MonoTime> retry_at_;  // in trouble
  bool waiting_for_room_ = false;     // that is the trouble: `reserve`
  bool has_healed_ = false;           // not yet taken
  bool closing_ = false;
  bool found_corrupt_ = false;         // while it was in use; what a start does not read it does not notice
  std::optional<MonoTime> closed_at_;  // the file is closed since then, because the disk failed
  MonoTime vacuum_at_;
  LiveCounters live_;
};

}  // namespace ferrule::outbox

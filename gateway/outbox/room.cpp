// Limits: bytes on disk, free bytes beside it, age, bytes in memory. What goes leaves a Loss for each uplink that still needed
// it.
#include <algorithm>
#include <filesystem>

#include "outbox/thinning.h"
#include "outbox/writing.h"

namespace ferrule::outbox {

namespace {

constexpr uint64_t kSmallest = 1u << 20;  // below this the tables themselves do not fit
constexpr uint64_t kNameBytes = 32u << 10;
constexpr uint64_t kNameRow = 128;  // with its key, checksum and copy, about, and the length of the name twice

uint64_t pages_needed(uint64_t bytes, uint64_t page) { return bytes / (page - 4) + 3; }  // 4: the link to the next page
uint64_t pages_freed(uint64_t bytes, uint64_t page) { return bytes / (page - 4); }

constexpr const char* kFullWhy = "the outbox is full";
constexpr Duration kBucket = std::chrono::seconds(60);
constexpr Duration kWorthThinning = 5 * kBucket;
constexpr uint64_t kMostThinned = 1u << 18;  // samples at once: 12 MB

std::optional<uint64_t> free_bytes(const std::string& path) {
  const std::string folder = std::filesystem::path(path).parent_path().string();
  std::error_code error;
  const auto space = std::filesystem::space(folder.empty() ? "." : folder, error);
  if (error) return {};
  return space.available;
}

}  // namespace

// How many bytes the file may have, and what sets the limit.
struct Engine::Room {
  uint64_t bytes = 0;
  const char* why = "";
  bool may_grow_again = false;  // when others leave the disk more room
};

// The reserve limits growth only: what the file has, it keeps.
Engine::Room Engine::room() const {
  Room room{settings_.max_size, kFullWhy};
  if (settings_.reserve > 0 && !closing_) {
    const auto free = limits_.free_bytes ? limits_.free_bytes(settings_.path) : free_bytes(settings_.path);
    const uint64_t growth = free && *free > settings_.reserve ? *free - settings_.reserve : 0;
    const uint64_t most = store_->file_bytes() + growth;
    if (free && most < room.bytes) room = {most, "the disk has less than `reserve` free", true};
  }
  room.bytes = std::max(room.bytes, kSmallest);
  return room;
}

// Whether the file stays below `bytes` with this transaction. The write-ahead log counts: what it may grow to, and the
// transaction.
bool Engine::fits(const Writing& writing, uint64_t bytes) const {
  const uint64_t page = store_->page();
  uint64_t names = kNameBytes;
  for (const Dictionary::Row& row : dictionary_.unsaved()) names += kNameRow + 2 * row.name.size();
  uint64_t needed = pages_needed(names, page);
  for (const StoredBlock& block : writing.batch.blocks) needed += pages_needed(block.body.size(), page);
  uint64_t freed = 0;
  for (const uint64_t first : writing.batch.erase_blocks) {
    const auto found = ledger_.blocks().find(first);
    if (found != ledger_.blocks().end()) freed += pages_freed(found->second.summary.bytes, page);
  }
  const uint64_t used = store_->used_bytes() / page;
  const uint64_t wal = store_settings_.wal_bytes / page + 2 * needed;
  return (used + needed + wal + wal / 32) * page <= bytes + std::min(freed, used) * page;
}

// Whether these blocks rather stay in memory than cost older ones their place: others may give the disk its room back.
bool Engine::waits_for_room(const Writing& writing) const {
  if (writing.batch.blocks.empty() || fresh_.bytes() > limits_.memory) return false;
  const Room room = this->room();
  return room.may_grow_again && !fits(writing, room.bytes);
}

// Makes room for the blocks of this transaction: thins the oldest where that is asked for, then the oldest go, events last.
void Engine::plan_room(Writing& writing) {
  if (writing.batch.blocks.empty()) return;
  const Room room = this->room();
  while (settings_.thin_when_full && !fits(writing, room.bytes) && thin_oldest(writing, room.why)) {
  }
  for (const bool events : {false, true}) {
    for (const auto& [first, stored] : ledger_.blocks()) {
      if (fits(writing, room.bytes)) return;
      if (writing.erases(first)) continue;
      if (events) evict(writing, stored, room.why);
      if (!events && stored.summary.level != Summary::kEvents) evict_but_events(writing, stored, room.why);
    }
  }
  while (!writing.batch.blocks.empty() && !fits(writing, room.bytes)) give_up_own(writing, room.why);
}

// Not even an empty file has room for it: one record is as large as the limit.
void Engine::give_up_own(Writing& writing, const char* why) {
  const Summary& summary = writing.batch.blocks.front().summary;
  for (const Share& share : summary.shares) {
    for (const auto& side : sides_) {
      if (side->id != share.uplink) continue;
      writing.losses.add({side->name, summary.from, summary.to, share.samples, why});
      writing.lost.push_back({share.uplink, share.records, share.samples, summary.first});
    }
  }
  writing.batch.blocks.erase(writing.batch.blocks.begin());
}

void Engine::plan_age(Writing& writing) {
  for (const auto& [first, stored] : ledger_.blocks()) {
    if (running_time() - stored.summary.sealed_at <= settings_.max_age) return;
    if (!writing.erases(first)) evict(writing, stored, "older than max_age");
  }
}

void Engine::evict(Writing& writing, const Ledger::Stored& stored, const char* why) {
  const Summary& summary = stored.summary;
  for (const auto& side : sides_) {
    const Ledger::Left* left = stored.of(side->id);
    if (left == nullptr || left->records == 0) continue;
    writing.losses.add({side->name, summary.from, summary.to, left->samples, why});
    writing.lost.push_back({side->id, left->records, left->samples, summary.first});
  }
  writing.batch.erase_blocks.push_back(summary.first);
  writing.evicted.add(summary.first, summary.last);
}

// Alarms, outcomes, losses and device states of the block stay, in a small block of their own.
void Engine::evict_but_events(Writing& writing, const Ledger::Stored& stored, const char* why) {
  const Summary& summary = stored.summary;
  const Result<std::shared_ptr<const Block>> old = load(nullptr, summary.first);
  Block block;
  if (old) {
    block.boot = (*old)->boot;
    block.uplinks = (*old)->uplinks;
    take_unsettled(**old, block.uplinks, block.entries);
    leave_events(block.entries);
  }
  evict(writing, stored, why);
  if (block.entries.empty()) return;
  for (size_t i = 0; i < block.uplinks.size(); ++i) {
    for (Writing::Lost& lost : writing.lost) {
      if (lost.uplink != block.uplinks[i] || lost.first != summary.first) continue;
      for (const BlockEntry& entry : block.entries) lost.records -= entry.seq[i] != 0 ? 1 : 0;
    }
  }
  join_events_before(writing, summary.first, block);
  replace(writing, std::move(block), Summary::kEvents, summary.sealed_at);
}

// Small blocks of events in a row become one.
void Engine::join_events_before(Writing& writing, uint64_t first, Block& block) const {
  auto before = ledger_.blocks().find(first);
  if (before == ledger_.blocks().begin()) return;
  const Summary& summary = (--before)->second.summary;
  const bool joins = summary.level == Summary::kEvents && summary.boot == block.boot && !writing.erases(summary.first) &&
                     summary.records + block.entries.size() <= limits_.block_records;
  if (!joins) return;
  const Result<std::shared_ptr<const Block>> old = const_cast<Engine*>(this)->load(nullptr, summary.first);
  if (!old) return;
  std::vector<BlockEntry> entries;
  take_unsettled(**old, block.uplinks, entries);
  std::move(block.entries.begin(), block.entries.end(), std::back_inserter(entries));
  block.entries = std::move(entries);
  writing.batch.erase_blocks.push_back(summary.first);
  writing.evicted.add(summary.first, summary.last);
}

void Engine::replace(Writing& writing, Block block, uint64_t level, Duration sealed_at) {
  std::string body = encode(block, dictionary_);
  const Summary summary = summarize(block, body.size(), level, sealed_at, dictionary_.last());
  writing.batch.blocks.push_back({summary, std::move(body)});
}

// The oldest blocks that are not thinned yet, so many in a row that it is worth it, become one that is. False: there are none.
bool Engine::thin_oldest(Writing& writing, const char* why) {
  std::vector<const Summary*> run;
  uint64_t samples = 0;
  for (const auto& [first, stored] : ledger_.blocks()) {
    const Summary& summary = stored.summary;
    const bool thinned = summary.level == Summary::kThinned || summary.level == Summary::kEvents || writing.erases(first);
    if (run.empty() && thinned) continue;
    samples += summary.samples;
    const bool joins = !thinned && (run.empty() || summary.boot == run.front()->boot) && samples <= kMostThinned;
    if (!joins || (!run.empty() && run.back()->to - run.front()->from >= kWorthThinning)) break;
    run.push_back(&summary);
  }
  if (run.empty() || run.back()->to - run.front()->from < kBucket) return false;
  Block block{run.front()->boot, {}, {}};
  for (const auto& side : sides_) block.uplinks.push_back(side->id);
  for (const Summary* summary : run) {
    const Result<std::shared_ptr<const Block>> old = load(nullptr, summary->first);
    if (!old) return false;  // whoever reads it next deals with it
    take_unsettled(**old, block.uplinks, block.entries);
  }
  const std::vector<Shed> shed = thin(block.entries, block.uplinks.size(), kBucket);
  for (size_t i = 0; i < shed.size(); ++i) {
    const auto side = std::find_if(sides_.begin(), sides_.end(), [&](const auto& each) { return each->id == block.uplinks[i]; });
    if (side == sides_.end() || shed[i].samples == 0) continue;
    writing.losses.add({(*side)->name, run.front()->from, run.back()->to, shed[i].samples, std::string(why) + ": thinned out"});
    writing.lost.push_back({block.uplinks[i], shed[i].records, shed[i].samples, run.front()->first});
  }
  for (const Summary* summary : run) {
    writing.batch.erase_blocks.push_back(summary->first);
    writing.evicted.add(summary->first, summary->last);
  }
  if (!block.entries.empty()) replace(writing, std::move(block), Summary::kThinned, run.front()->sealed_at);
  return true;
}

void Engine::count_lost(uint32_t uplink, uint64_t records, uint64_t samples) {
  for (size_t i = 0; i < attached_; ++i) {
    if (sides_[i]->id != uplink) continue;
    live_.uplinks[i].waiting_records -= records;
    live_.uplinks[i].waiting_samples -= samples;
    live_.uplinks[i].dropped_samples += samples;
  }
}

void Engine::lose(const Side& side, WallTime from, WallTime to, uint64_t records, uint64_t samples, const char* why) {
  losses_.add({side.name, from, to, samples, why});
  count_lost(side.id, records, samples);
  mark_dirty();
}

// The disk does not take what comes in: the oldest records go.
void Engine::keep_memory_limit() {
  if (store_ && (!retry_at_ || waiting_for_room_)) (void)write(sealable(true), false);
  while (fresh_.bytes() > limits_.memory && !fresh_.empty()) {
    const FreshEntry& oldest = fresh_.entries().front();
    for (size_t i = 0; i < attached_; ++i) {
      if ((oldest.waiting & (1u << i)) == 0) continue;
      const WallTime at = oldest.record->timestamp;
      lose(*sides_[i], at, at, 1, oldest.samples, "the disk fails and memory is full");
      sides_[i]->held.erase(oldest.position);
    }
    fresh_.pop_front(1);
  }
}

}  // namespace ferrule::outbox

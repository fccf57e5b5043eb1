// Limits: bytes on disk, age, bytes in memory. What goes leaves a Loss for each uplink that still needed it.
#include <algorithm>

#include "outbox/writing.h"

namespace ferrule::outbox {

namespace {

constexpr uint64_t kSmallest = 1u << 20;  // below this the tables themselves do not fit
constexpr uint64_t kNameBytes = 32u << 10;
constexpr uint64_t kNameRow = 128;  // with its key, checksum and copy, about, and the length of the name twice

uint64_t pages_needed(uint64_t bytes, uint64_t page) { return bytes / (page - 4) + 3; }  // 4: the link to the next page
uint64_t pages_freed(uint64_t bytes, uint64_t page) { return bytes / (page - 4); }

}  // namespace

uint64_t Engine::limit_bytes() const { return std::max(settings_.max_size, kSmallest); }

// Makes room for the blocks of this transaction: oldest first. The write-ahead log counts too: what it may grow to, plus this
// transaction.
void Engine::plan_room(Writing& writing) {
  if (writing.batch.blocks.empty()) return;
  const uint64_t page = store_->page();
  uint64_t names = kNameBytes;
  for (const Dictionary::Row& row : dictionary_.unsaved()) names += kNameRow + 2 * row.name.size();
  const auto fits = [&] {
    uint64_t needed = pages_needed(names, page);
    for (const StoredBlock& block : writing.batch.blocks) needed += pages_needed(block.body.size(), page);
    uint64_t freed = 0;
    for (const uint64_t first : writing.batch.erase_blocks) {
      const auto found = ledger_.blocks().find(first);
      if (found != ledger_.blocks().end()) freed += pages_freed(found->second.summary.bytes, page);
    }
    const uint64_t used = store_->used_bytes() / page;
    const uint64_t wal = store_settings_.wal_bytes / page + 2 * needed;
    return (used + needed + wal + wal / 32) * page <= limit_bytes() + std::min(freed, used) * page;
  };
  for (const auto& [first, stored] : ledger_.blocks()) {
    if (fits()) return;
    if (!writing.erases(first)) evict(writing, stored, "the outbox is full");
  }
  while (!writing.batch.blocks.empty() && !fits()) give_up_own(writing);
}

// Not even an empty file has room for it: one record is as large as the limit.
void Engine::give_up_own(Writing& writing) {
  const Summary& summary = writing.batch.blocks.front().summary;
  for (const Share& share : summary.shares) {
    for (const auto& side : sides_) {
      if (side->id != share.uplink) continue;
      writing.losses.add({side->name, summary.from, summary.to, share.samples, "the outbox is full"});
      writing.lost.push_back({share.uplink, share.records, share.samples});
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
    writing.lost.push_back({side->id, left->records, left->samples});
  }
  writing.batch.erase_blocks.push_back(summary.first);
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
  if (store_ && !retry_at_) (void)write(sealable(true), false);
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

// When and what to commit. Every change of the file is planned first (Writing), applied in one transaction, and only then
// believed in memory: a transaction that fails changes nothing.
#include "outbox/writing.h"

#include <algorithm>

namespace ferrule::outbox {

namespace {

constexpr Duration kCursorsBehind = std::chrono::seconds(1);
constexpr Duration kRetry = std::chrono::seconds(1);
constexpr Duration kIdle = std::chrono::seconds(10);
constexpr uint64_t kMostMerges = 8;
constexpr size_t kMostErased = 64;  // blocks at once: to free their pages SQLite reads them

}  // namespace

bool Engine::seal_due(MonoTime now) const {
  if (fresh_.empty()) return false;
  return settings_.write_ahead || now - fresh_.entries().front().arrived >= settings_.flush_after ||
         fresh_.bytes() > limits_.memory / 2;
}

bool Engine::housekeeping_due(MonoTime now) const {
  if (dirty_since_ && now - *dirty_since_ >= kCursorsBehind) return true;
  if (losses_.due(now)) return true;
  const Ledger::Blocks& blocks = ledger_.blocks();
  return !blocks.empty() && running_time() - blocks.begin()->second.summary.sealed_at > settings_.max_age;
}

MonoTime Engine::tick() {
  const MonoTime now = clock_.now();
  if (retry_at_ && now < *retry_at_) return *retry_at_;
  if (!store_ && !open_again().ok()) {
    retry_at_ = now + kRetry;
    return *retry_at_;
  }
  const bool seal = seal_due(now);
  if (seal || retry_at_ || housekeeping_due(now)) (void)write(seal ? sealable(false) : 0, housekeeping_due(now));
  vacuum(now);
  publish_counters();
  if (retry_at_) return *retry_at_;
  MonoTime next = now + kIdle;
  if (!fresh_.empty()) next = std::min(next, fresh_.entries().front().arrived + settings_.flush_after);
  if (dirty_since_) next = std::min(next, *dirty_since_ + kCursorsBehind);
  return next;
}

Status Engine::commit() {
  if (!store_) {
    if (Status status = open_again(); !status) return status;
  }
  const bool everything = !settings_.write_ahead || housekeeping_due(clock_.now());
  Status status = write(sealable(true), everything);
  publish_counters();
  return status;
}

// How many records, from the oldest on, go to disk. What an uplink has in its hands may be settled any moment, so it is left out
// while it is young; what lies before an older one is not, so that blocks keep the order of positions.
size_t Engine::sealable(bool all) const {
  const auto& entries = fresh_.entries();
  const MonoTime now = clock_.now();
  for (size_t count = entries.size(); count > 0; --count) {
    const FreshEntry& entry = entries[count - 1];
    if (entry.waiting == 0) continue;
    if (all || settings_.write_ahead || entry.held == 0 || now - entry.arrived >= settings_.flush_after / 2) return count;
  }
  return 0;
}

Engine::Writing Engine::plan(size_t sealing, bool everything) {
  Writing writing{clock_.now(), losses_};
  plan_blocks(writing, sealing);
  if (everything) plan_housekeeping(writing);
  plan_age(writing);
  return writing;
}

Status Engine::write(size_t sealing, bool everything) {
  Writing writing = plan(sealing, everything);
  waiting_for_room_ = waits_for_room(writing);
  if (waiting_for_room_) {
    writing = plan(0, everything);
  } else {
    plan_room(writing);
    if (retry_at_ && writing.batch.empty()) writing.batch.clean = false;  // is the disk well again?
  }
  if (!boot_saved_) writing.batch.boot = boot_, writing.batch.clean = false;
  writing.losses.plan(writing.batch, writing.now);
  plan_names_and_uplinks(writing);
  if (!writing.batch.empty()) {
    if (Status status = store_->apply(writing.batch); !status) {
      in_trouble(status);
      return status;
    }
    written(writing);
    if (!waiting_for_room_) healed();
  }
  if (everything) dirty_since_.reset();
  if (writing.more) mark_dirty();
  if (!waiting_for_room_) return {};
  const Status full{Fault::full, "less than `reserve` is free"};
  in_trouble(full);
  return full;
}

void Engine::plan_blocks(Writing& writing, size_t count) {
  writing.sealed = count;
  const auto& entries = fresh_.entries();
  size_t samples = 0;
  const auto start = [&] {
    Block empty{boot_, {}, {}};
    for (const auto& side : sides_) empty.uplinks.push_back(side->id);
    return empty;
  };
  Block block = start();
  for (size_t i = 0; i < count; ++i) {
    const FreshEntry& entry = entries[i];
    if (entry.waiting == 0) continue;
    const bool full = samples + entry.samples > limits_.block_samples || block.entries.size() >= limits_.block_records;
    if (full && !block.entries.empty()) {
      plan_block(writing, std::move(block));
      block = start();
      samples = 0;
    }
    BlockEntry stored{entry.record, entry.position, std::vector<uint64_t>(sides_.size(), 0)};
    for (size_t side = 0; side < std::min(attached_, entry.seq.size()); ++side) {
      if ((entry.waiting & (1u << side)) != 0) stored.seq[side] = entry.seq[side];
    }
    block.entries.push_back(std::move(stored));
    samples += entry.samples;
  }
  if (!block.entries.empty()) plan_block(writing, std::move(block));
}

void Engine::plan_block(Writing& writing, Block block) {
  const auto full = [&] {
    size_t samples = 0;
    for (const BlockEntry& entry : block.entries) samples += sample_count(*entry.record);
    return samples >= limits_.block_samples / 2 || block.entries.size() >= limits_.block_records / 2;
  };
  uint64_t level = 0;
  const bool first = writing.batch.blocks.empty();  // further ones have a full one before them
  while (first && level < kMostMerges && !full() && prepend_small(writing, block, level)) ++level;
  if (full()) level = Summary::kFull;
  std::string body = encode(block, dictionary_);
  const Summary summary = summarize(block, body.size(), level, running_time(), dictionary_.last());
  writing.batch.blocks.push_back({summary, std::move(body)});
}

// Many commits make many small blocks, which waste first values and page ends: kMergeBlocks in a row of one level become one of
// the next. False: it is not time for that. What is settled by now is left out.
bool Engine::prepend_small(Writing& writing, Block& block, uint64_t level) {
  std::vector<uint64_t> run;
  uint64_t samples = 0, records = block.entries.size();
  for (const BlockEntry& entry : block.entries) samples += sample_count(*entry.record);
  bool full = false;
  const auto& erased = writing.batch.erase_blocks;
  for (auto at = ledger_.blocks().rbegin(); at != ledger_.blocks().rend(); ++at) {
    const Summary& summary = at->second.summary;
    if (std::find(erased.begin(), erased.end(), summary.first) != erased.end()) continue;
    const bool old = running_time() - summary.sealed_at > settings_.max_age / 16;
    if (summary.level != level || summary.boot != block.boot || old || run.size() + 1 >= limits_.merge_blocks) break;
    full = samples + summary.samples > limits_.block_samples || records + summary.records > limits_.block_records;
    if (full) break;
    samples += summary.samples;
    records += summary.records;
    run.push_back(summary.first);
  }
  if (run.empty() || (!full && run.size() + 1 < limits_.merge_blocks)) return false;
  std::vector<BlockEntry> merged;
  for (auto first = run.rbegin(); first != run.rend(); ++first) {
    const Result<std::shared_ptr<const Block>> small = load(nullptr, *first);
    if (!small) return false;  // whoever reads it next deals with it
    take_unsettled(**small, block.uplinks, merged);
  }
  std::move(block.entries.begin(), block.entries.end(), std::back_inserter(merged));
  block.entries = std::move(merged);
  writing.batch.erase_blocks.insert(writing.batch.erase_blocks.end(), run.begin(), run.end());
  return true;
}

void Engine::take_unsettled(const Block& from, const std::vector<uint32_t>& uplinks, std::vector<BlockEntry>& to) const {
  for (const BlockEntry& entry : from.entries) {
    BlockEntry kept{entry.record, entry.position, std::vector<uint64_t>(uplinks.size(), 0)};
    bool any = false;
    for (size_t i = 0; i < uplinks.size(); ++i) {
      const auto column = std::find(from.uplinks.begin(), from.uplinks.end(), uplinks[i]);
      if (column == from.uplinks.end() || ledger_.settled(uplinks[i], entry.position)) continue;
      kept.seq[i] = entry.seq[static_cast<size_t>(column - from.uplinks.begin())];
      any = any || kept.seq[i] != 0;
    }
    if (any) to.push_back(std::move(kept));
  }
}

void Engine::plan_housekeeping(Writing& writing) {
  Batch& batch = writing.batch;
  for (const auto& [first, stored] : ledger_.blocks()) {
    if (!stored.done() || writing.erases(first)) continue;
    writing.more = batch.erase_blocks.size() >= kMostErased;
    if (writing.more) break;
    batch.erase_blocks.push_back(first);
  }
  batch.erase_blocks.insert(batch.erase_blocks.end(), unreadable_.begin(), unreadable_.end());
  batch.erase_uplinks = removed_uplinks_;
  if (!removed_uplinks_.empty()) batch.last_uplink = last_uplink_;
  batch.dead_letters = dead_letters_;
  for (const auto& side : sides_) {
    const bool needed = std::any_of(ledger_.blocks().begin(), ledger_.blocks().end(), [&](const auto& each) {
      return each.second.of(side->id) != nullptr && !writing.erases(each.first);
    });
    if (!needed) continue;
    std::string cursor = encode(ledger_.cursor(side->id));
    if (cursor != side->cursor) batch.uplinks.push_back({side->id, side->name, std::move(cursor)});
  }
}

void Engine::plan_names_and_uplinks(Writing& writing) {
  Batch& batch = writing.batch;
  if (batch.blocks.empty() && batch.dead_letters.empty()) return;
  batch.names = dictionary_.unsaved();
  for (const auto& side : sides_) {
    const auto named = [&](const StoredUplink& row) { return row.id == side->id; };
    if (side->saved || std::any_of(batch.uplinks.begin(), batch.uplinks.end(), named)) continue;
    batch.uplinks.push_back({side->id, side->name, encode(ledger_.cursor(side->id))});
    batch.last_uplink = last_uplink_;
  }
}

void Engine::written(Writing& writing) {
  const Batch& batch = writing.batch;
  for (const uint64_t first : batch.erase_blocks) {
    ledger_.erase(first);
    for (const auto& side : sides_) {
      if (side->cached_first == first) side->cached.reset();
    }
  }
  for (const StoredBlock& block : batch.blocks) {
    ledger_.add(block.summary);
    live_.bytes_written += block.body.size();
  }
  fresh_.pop_front(writing.sealed);
  fresh_.trim();
  if (!batch.names.empty()) dictionary_.saved();
  boot_saved_ = true;
  for (const auto& side : sides_) {
    for (const StoredUplink& row : batch.uplinks) {
      if (row.id == side->id) side->cursor = row.cursor, side->saved = true;
    }
  }
  if (!batch.erase_uplinks.empty()) removed_uplinks_.clear();
  if (!batch.dead_letters.empty()) dead_letters_.clear();
  std::erase_if(unreadable_, [&](uint64_t first) { return writing.erases(first); });
  for (const auto& [first, last] : writing.evicted.ranges()) {
    for (const auto& side : sides_) {
      std::erase_if(side->held, [first, last](const auto& held) { return held.first >= first && held.first <= last; });
    }
  }
  for (const Writing::Lost& lost : writing.lost) count_lost(lost.uplink, lost.records, lost.samples);
  losses_ = std::move(writing.losses);
  losses_.written(writing.now);
  live_.commits += 1;
}

// After an outage the file is mostly free pages: they go back to the file system a MiB at a time, while nothing is waiting.
void Engine::vacuum(MonoTime now) {
  constexpr uint64_t kWorthIt = 1024;
  constexpr uint32_t kAtOnce = 1024;
  if (!store_ || now < vacuum_at_ || !fresh_.empty()) return;
  vacuum_at_ = now + kCursorsBehind;
  if (store_->free_pages() < kWorthIt || store_->free_pages() * 2 * store_->page() < store_->used_bytes()) return;
  Status status = store_->vacuum(kAtOnce);
  if (status && store_->free_pages() < kWorthIt) status = store_->checkpoint();
  if (!status) in_trouble(status);
}

}  // namespace ferrule::outbox

#include "outbox/engine.h"

#include <algorithm>
#include <cassert>

namespace ferrule::outbox {

Engine::Engine(const OutboxSettings& settings, const OutboxLimits& limits, const Clock& clock, Names& names)
    : settings_(settings), limits_(limits), clock_(clock), dictionary_(names) {
  const uint64_t wal_bytes = std::min(settings.max_size / 8, limits.wal_bytes);
  store_settings_ = {settings.path,      limits.vfs,          wal_bytes,
                     limits.check_bytes, limits.dead_letters, limits.synchronous == OutboxLimits::Synchronous::full};
}

Side* Engine::side(UplinkIndex uplink) {
  const auto index = static_cast<size_t>(uplink);
  return index < attached_ ? sides_[index].get() : nullptr;
}

Side& Engine::add_side(std::string_view name) {
  sides_.push_back(std::make_unique<Side>());
  sides_.back()->name = name;
  return *sides_.back();
}

UplinkIndex Engine::attach(std::string_view name) {
  const auto named = [name](const auto& each) { return each->name == name; };
  auto found = std::find_if(sides_.begin(), sides_.end(), named);
  if (found != sides_.end() && (*found)->attached) return static_cast<UplinkIndex>(found - sides_.begin());
  if (attached_ == kMaxUplinks) return static_cast<UplinkIndex>(kMaxUplinks);  // config refuses this; every call ignores it
  if (found == sides_.end()) {
    add_side(name).id = ++last_uplink_;
    found = sides_.end() - 1;
  }
  std::swap(*found, sides_[attached_]);
  Side& side = *sides_[attached_];
  side.attached = true;
  const Ledger::Left left = ledger_.left(side.id);
  live_.uplinks[attached_].waiting_records += left.records;
  live_.uplinks[attached_].waiting_samples += left.samples;
  live_.words.with([&](LiveCounters::Words& words) { words.names.emplace_back(name); });
  return static_cast<UplinkIndex>(attached_++);
}

void Engine::settle_membership() {
  for (size_t i = attached_; i < sides_.size(); ++i) {
    const Side& gone = *sides_[i];
    Loss loss{gone.name, {}, {}, 0, "the uplink was removed"};
    bool any = false;
    for (const auto& [first, stored] : ledger_.blocks()) {
      const Ledger::Left* left = stored.of(gone.id);
      if (left == nullptr || left->records == 0) continue;
      loss.from = any ? std::min(loss.from, stored.summary.from) : stored.summary.from;
      loss.to = any ? std::max(loss.to, stored.summary.to) : stored.summary.to;
      loss.samples += left->samples;
      any = true;
    }
    if (any) losses_.add(loss);
    ledger_.remove(gone.id);
    removed_uplinks_.push_back(gone.id);
  }
  if (sides_.size() > attached_) mark_dirty();
  sides_.resize(attached_);
  give_up_unknown();
}

// Shares of uplinks that the file names no more; only damage can make them.
void Engine::give_up_unknown() {
  std::set<uint32_t> unknown;
  for (const auto& [first, stored] : ledger_.blocks()) {
    for (const Share& share : stored.summary.shares) unknown.insert(share.uplink);
  }
  for (const auto& side : sides_) unknown.erase(side->id);
  for (const uint32_t id : unknown) ledger_.remove(id);
}

void Engine::append(OutboxEntry in) {
  assert(in.position > last_position_ && in.record != nullptr);
  if (in.position <= last_position_ || in.record == nullptr) return;
  last_position_ = in.position;
  FreshEntry entry{std::move(in.record), in.position, std::move(in.seq), clock_.now(), 0, 0, 0};
  entry.samples = static_cast<uint32_t>(sample_count(*entry.record));
  const size_t count = std::min(entry.seq.size(), attached_);
  for (size_t i = 0; i < count; ++i) {
    if (entry.seq[i] != 0) accept(entry, i, i < in.claimed.size() ? in.claimed[i] : 0);
  }
  if (entry.waiting == 0) return;
  fresh_.add(std::move(entry));
  if (fresh_.bytes() > limits_.memory) keep_memory_limit();
}

void Engine::accept(FreshEntry& entry, size_t index, uint32_t claimed) {
  Side& side = *sides_[index];
  Counters& counters = live_.uplinks[index];
  const uint32_t bit = 1u << index;
  counters.waiting_records += 1;
  counters.waiting_samples += entry.samples;
  if (!side.early.empty()) {
    const auto early = side.early.find(entry.position);
    const bool ended = early != side.early.end();
    if (ended && early->second) bury(side, *entry.record, entry.position, boot_, entry.seq[index], *early->second);
    if (ended) count_end(index, entry.samples, early->second.has_value());
    side.early.erase(side.early.begin(), side.early.upper_bound(entry.position));
    if (ended) return;
  }
  if (entry.samples > kMaxBlockSamples) {
    lose(side, entry.record->timestamp, entry.record->timestamp, 1, entry.samples, "the record is too large to store");
    return;
  }
  entry.waiting |= bit;
  if (claimed == 0) return;
  entry.held |= bit;
  side.held.insert_or_assign(entry.position, Side::Held{claimed, entry.samples});
}

void Engine::settle(UplinkIndex uplink, std::span<const uint64_t> positions) {
  if (side(uplink) == nullptr) return;
  for (const uint64_t position : positions) finish(static_cast<size_t>(uplink), position, nullptr);
  fresh_.trim();
}

void Engine::reject(UplinkIndex uplink, uint64_t position, std::string_view why) {
  if (side(uplink) == nullptr) return;
  const std::string reason(why);
  finish(static_cast<size_t>(uplink), position, &reason);
  fresh_.trim();
}

void Engine::finish(size_t index, uint64_t position, const std::string* rejected) {
  Side& side = *sides_[index];
  const auto held = side.held.find(position);
  if (position > last_position_) {
    side.early.try_emplace(position, rejected == nullptr ? std::nullopt : std::optional(*rejected));
    return;
  }
  if (FreshEntry* entry = fresh_.find(position)) {
    if (held != side.held.end()) side.held.erase(held);
    const uint32_t bit = 1u << index;
    if ((entry->waiting & bit) == 0) return;
    if (rejected != nullptr) bury(side, *entry->record, position, boot_, entry->seq[index], *rejected);
    count_end(index, entry->samples, rejected != nullptr);
    fresh_.settle(*entry, bit);
    return;
  }
  if (ledger_.settled(side.id, position)) {
    side.held.erase(position);
    return;
  }
  uint32_t samples = held == side.held.end() ? 0 : held->second.samples;
  if (held == side.held.end() || rejected != nullptr) {  // rare: the block has to be read
    std::shared_ptr<const Block> block;
    const BlockEntry* entry = find_stored(&side, position, block);
    if (entry == nullptr) return;
    samples = static_cast<uint32_t>(sample_count(*entry->record));
    const auto column = std::find(block->uplinks.begin(), block->uplinks.end(), side.id) - block->uplinks.begin();
    if (rejected != nullptr) {
      bury(side, *entry->record, position, block->boot, entry->seq[static_cast<size_t>(column)], *rejected);
    }
  }
  side.held.erase(position);
  if (!ledger_.settle(side.id, position, samples)) return;
  count_end(index, samples, rejected != nullptr);
  mark_dirty();
}

void Engine::count_end(size_t index, uint64_t samples, bool rejected) {
  Counters& counters = live_.uplinks[index];
  counters.waiting_records -= 1;
  counters.waiting_samples -= samples;
  (rejected ? counters.dropped_samples : counters.settled_samples) += samples;
  if (rejected) counters.dead_letters += 1;
}

void Engine::bury(Side& side, const Record& record, uint64_t position, uint64_t boot, uint64_t seq, const std::string& why) {
  Block block{boot, {side.id}, {}};
  block.entries.push_back({std::make_shared<const Record>(record), position, {seq}});
  dead_letters_.push_back({side.name, why, clock_.wall(), encode(block, dictionary_)});
  if (dead_letters_.size() > limits_.dead_letters) dead_letters_.erase(dead_letters_.begin());
  mark_dirty();
}

void Engine::release(UplinkIndex uplink, uint32_t session) {
  Side* side = this->side(uplink);
  if (side == nullptr) return;
  const uint32_t bit = 1u << static_cast<size_t>(uplink);
  std::erase_if(side->held, [&](const auto& each) {
    if (each.second.session > session) return false;
    if (FreshEntry* entry = fresh_.find(each.first)) entry->held &= ~bit;
    return true;
  });
  side->reader = 0;
}

void Engine::mark_dirty() {
  if (!dirty_since_) dirty_since_ = clock_.now();
}

OutboxCounters Engine::counters() const {
  OutboxCounters out;
  live_.words.with([&](const LiveCounters::Words& words) {
    for (const std::string& name : words.names) out.uplinks.push_back({name, 0, 0, 0, 0, 0});
    out.trouble = words.trouble;
  });
  for (size_t i = 0; i < out.uplinks.size(); ++i) {
    const Counters& from = live_.uplinks[i];
    OutboxCounters::PerUplink& to = out.uplinks[i];
    to.waiting_records = from.waiting_records;
    to.waiting_samples = from.waiting_samples;
    to.settled_samples = from.settled_samples;
    to.dropped_samples = from.dropped_samples;
    to.dead_letters = from.dead_letters;
  }
  out.memory_bytes = live_.memory_bytes;
  out.disk_bytes = live_.disk_bytes;
  out.blocks = live_.blocks;
  out.bytes_written = live_.bytes_written;
  out.commits = live_.commits;
  return out;
}

void Engine::publish_counters() {
  live_.memory_bytes = fresh_.bytes();
  live_.blocks = ledger_.blocks().size();
  if (store_) live_.disk_bytes = store_->file_bytes();
}

}  // namespace ferrule::outbox

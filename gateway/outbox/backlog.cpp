// Records out: stored ones first, then those in memory, in order of position.
#include <algorithm>
#include <bit>
#include <iterator>

#include "outbox/engine.h"

namespace ferrule::outbox {

// One call of next().
struct Engine::Handing {
  Side& side;
  uint32_t bit;
  size_t max_records, max_bytes;
  std::vector<Envelope> out;
  size_t bytes = 0;

  bool full() const { return out.size() >= max_records || (!out.empty() && bytes >= max_bytes); }
  void hand(const RecordPtr& record, uint64_t position, uint64_t boot, uint64_t seq) {
    const size_t samples = sample_count(*record);
    out.push_back({record, position, boot, seq});
    bytes += sizeof(Record) + samples * sizeof(Sample);
    side.held.insert_or_assign(position, Side::Held{0, static_cast<uint32_t>(samples)});
  }
};

Result<std::shared_ptr<const Block>> Engine::load(Side* reader, uint64_t first) {
  if (reader != nullptr && reader->cached != nullptr && reader->cached_first == first) return reader->cached;
  if (!store_) return {Fault::io, "the file is not open"};
  const Result<std::string> body = store_->read(first);
  if (!body) return body.status();
  Result<Block> block = decode(*body, dictionary_);
  if (!block) return block.status();
  auto shared = std::make_shared<const Block>(std::move(*block));
  if (reader != nullptr) reader->cached = shared, reader->cached_first = first;
  return shared;
}

// A block that does not read back is given up with a loss; true. When the disk is in trouble instead, nothing is given up.
bool Engine::drop_unreadable(const Status& status, uint64_t first) {
  if (!store_) return false;
  const bool damaged = status.fault() == Fault::corrupt && status.detail() == 0;  // our own checksum, not SQLite's word
  if (!damaged && status.fault() != Fault::not_found) {
    in_trouble(status);
    return false;
  }
  const auto found = ledger_.blocks().find(first);
  if (found == ledger_.blocks().end()) return false;
  for (const auto& side : sides_) {
    const Ledger::Left* left = found->second.of(side->id);
    if (left == nullptr || left->records == 0) continue;
    const Summary& summary = found->second.summary;
    lose(*side, summary.from, summary.to, left->records, left->samples, "a stored block was damaged");
  }
  ledger_.erase(first);
  unreadable_.push_back(first);
  mark_dirty();
  return true;
}

const BlockEntry* Engine::find_stored(Side* reader, uint64_t position, std::shared_ptr<const Block>& block) {
  const Ledger::Stored* stored = ledger_.holding(position);
  if (stored == nullptr) return nullptr;
  const Result<std::shared_ptr<const Block>> loaded = load(reader, stored->summary.first);
  if (!loaded) {
    drop_unreadable(loaded.status(), stored->summary.first);
    return nullptr;
  }
  block = *loaded;
  const auto column = std::find(block->uplinks.begin(), block->uplinks.end(), reader->id);
  const auto entry = std::lower_bound(block->entries.begin(), block->entries.end(), position,
                                      [](const BlockEntry& each, uint64_t wanted) { return each.position < wanted; });
  if (column == block->uplinks.end() || entry == block->entries.end() || entry->position != position) return nullptr;
  return entry->seq[static_cast<size_t>(column - block->uplinks.begin())] == 0 ? nullptr : &*entry;
}

std::vector<Envelope> Engine::next(UplinkIndex uplink, size_t max_records, size_t max_bytes) {
  Side* side = this->side(uplink);
  if (side == nullptr || max_records == 0) return {};
  Handing handing{*side, 1u << static_cast<size_t>(uplink), max_records, max_bytes, {}};
  while (!handing.full()) {
    const auto& blocks = ledger_.blocks();
    auto at = blocks.upper_bound(side->reader);
    if (at != blocks.begin() && std::prev(at)->second.summary.last > side->reader) --at;
    if (at == blocks.end()) break;
    const Ledger::Left* left = at->second.of(side->id);
    if (left == nullptr || left->records == 0) {
      side->reader = at->second.summary.last;
      continue;
    }
    if (!hand_from_block(handing, at->second)) return std::move(handing.out);  // what is in memory comes after it
  }
  if (!handing.full() && !settings_.write_ahead) hand_from_memory(handing);
  publish_counters();
  return std::move(handing.out);
}

// False: the disk is in trouble.
bool Engine::hand_from_block(Handing& handing, const Ledger::Stored& stored) {
  Side& side = handing.side;
  const uint64_t first = stored.summary.first, last = stored.summary.last;
  const Result<std::shared_ptr<const Block>> loaded = load(&side, first);
  if (!loaded) return drop_unreadable(loaded.status(), first);
  const Block& block = **loaded;
  const auto column = static_cast<size_t>(std::find(block.uplinks.begin(), block.uplinks.end(), side.id) - block.uplinks.begin());
  auto entry = std::upper_bound(block.entries.begin(), block.entries.end(), side.reader,
                                [](uint64_t read, const BlockEntry& each) { return read < each.position; });
  for (; entry != block.entries.end() && column < block.uplinks.size(); ++entry) {
    if (handing.full()) return true;
    side.reader = entry->position;
    if (entry->seq[column] == 0 || side.held.contains(entry->position) || ledger_.settled(side.id, entry->position)) continue;
    handing.hand(entry->record, entry->position, block.boot, entry->seq[column]);
  }
  side.reader = last;
  return true;
}

void Engine::hand_from_memory(Handing& handing) {
  Side& side = handing.side;
  auto& entries = fresh_.entries();
  const size_t index = static_cast<size_t>(std::countr_zero(handing.bit));
  for (size_t i = fresh_.index_after(side.reader); i < entries.size() && !handing.full(); ++i) {
    FreshEntry& entry = entries[i];
    side.reader = entry.position;
    if ((entry.waiting & handing.bit) == 0 || (entry.held & handing.bit) != 0) continue;
    entry.held |= handing.bit;
    handing.hand(entry.record, entry.position, boot_, entry.seq[index]);
  }
}

}  // namespace ferrule::outbox

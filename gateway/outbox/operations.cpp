// What an operator asks: to look at what is stored, at dead letters, and to give things up.
#include <algorithm>

#include "outbox/engine.h"

namespace ferrule::outbox {

std::vector<Envelope> Engine::peek(UplinkIndex uplink, uint64_t after, size_t max_records, size_t max_samples) {
  std::vector<Envelope> found;
  size_t samples = 0;
  const auto full = [&] { return found.size() >= max_records || samples >= max_samples; };
  const auto add = [&](const RecordPtr& record, uint64_t position, uint64_t boot, uint64_t seq) {
    found.push_back({record, position, boot, seq});
    samples += sample_count(*record);
  };
  const Side* side = this->side(uplink);
  if (side == nullptr) return found;
  auto at = ledger_.blocks().upper_bound(after);
  if (at != ledger_.blocks().begin() && std::prev(at)->second.summary.last > after) --at;
  for (; at != ledger_.blocks().end() && !full(); ++at) {
    const Ledger::Left* left = at->second.of(side->id);
    if (left == nullptr || left->records == 0) continue;
    const Result<std::shared_ptr<const Block>> block = load(nullptr, at->second.summary.first);
    if (!block) continue;  // whoever is to send it deals with it
    const auto& uplinks = (*block)->uplinks;
    const auto column = static_cast<size_t>(std::find(uplinks.begin(), uplinks.end(), side->id) - uplinks.begin());
    for (const BlockEntry& entry : (*block)->entries) {
      if (full() || column == uplinks.size()) break;
      if (entry.position <= after || entry.seq[column] == 0 || ledger_.settled(side->id, entry.position)) continue;
      add(entry.record, entry.position, (*block)->boot, entry.seq[column]);
    }
  }
  const auto index = static_cast<size_t>(uplink);
  for (size_t i = fresh_.index_after(after); i < fresh_.entries().size() && !full(); ++i) {
    const FreshEntry& entry = fresh_.entries()[i];
    if ((entry.waiting & (1u << index)) != 0) add(entry.record, entry.position, boot_, entry.seq[index]);
  }
  return found;
}

Result<std::vector<DeadLetterRecord>> Engine::dead_letters(int64_t after, size_t max_records) {
  if (!store_) return Status{Fault::io, "the file is not open"};
  if (!dead_letters_.empty()) (void)write(0, true);  // the newest are not in the file yet
  const Result<std::vector<StoredDeadLetter>> stored = store_->dead_letters(after, max_records);
  if (!stored) return stored.status();
  std::vector<DeadLetterRecord> found;
  for (const StoredDeadLetter& each : *stored) {
    const Result<Block> block = decode(each.letter.body, dictionary_);
    DeadLetterRecord out{each.id, each.letter.uplink, each.letter.why, each.letter.at, {}};
    if (block) out.envelope = {block->entries[0].record, block->entries[0].position, block->boot, block->entries[0].seq[0]};
    found.push_back(std::move(out));
  }
  return found;
}

uint64_t Engine::purge(UplinkIndex uplink) {
  Side* side = this->side(uplink);
  if (side == nullptr) return 0;
  const auto index = static_cast<size_t>(uplink);
  Loss loss{side->name, clock_.wall(), clock_.wall(), 0, "purged by an operator"};
  uint64_t records = 0;
  const auto give_up = [&](WallTime from, WallTime to, uint64_t how_many, uint64_t samples) {
    loss.from = std::min(loss.from, from);
    loss.to = std::max(loss.to, to);
    loss.samples += samples;
    records += how_many;
    count_lost(side->id, how_many, samples);
  };
  for (const auto& [first, stored] : ledger_.blocks()) {
    const Ledger::Left* left = stored.of(side->id);
    if (left == nullptr || left->records == 0) continue;
    give_up(stored.summary.from, stored.summary.to, left->records, left->samples);
  }
  ledger_.remove(side->id);
  for (FreshEntry& entry : fresh_.entries()) {
    if ((entry.waiting & (1u << index)) == 0) continue;
    give_up(entry.record->timestamp, entry.record->timestamp, 1, entry.samples);
    fresh_.settle(entry, 1u << index);
  }
  fresh_.trim();
  side->held.clear();
  if (records > 0) losses_.add(loss);
  mark_dirty();
  return records;
}

Status Engine::purge_dead_letters() {
  dead_letters_.clear();
  if (!store_) return {Fault::io, "the file is not open"};
  Batch batch;
  batch.erase_dead_letters = true;
  Status status = store_->apply(batch);
  if (!status) in_trouble(status);
  return status;
}

}  // namespace ferrule::outbox

#include "outbox/fresh.h"

#include <algorithm>

namespace ferrule::outbox {

namespace {

constexpr uint64_t kEntryBytes = 256;  // the entry, its record and vectors, about

uint64_t record_bytes(const FreshEntry& entry) { return entry.record == nullptr ? 0 : entry.samples * sizeof(Sample); }

}  // namespace

void Fresh::add(FreshEntry entry) {
  bytes_ += kEntryBytes + record_bytes(entry);
  entries_.push_back(std::move(entry));
}

size_t Fresh::index_after(uint64_t position) const {
  const auto after = std::upper_bound(entries_.begin(), entries_.end(), position,
                                      [](uint64_t wanted, const FreshEntry& entry) { return wanted < entry.position; });
  return static_cast<size_t>(after - entries_.begin());
}

FreshEntry* Fresh::find(uint64_t position) {
  const size_t after = index_after(position);
  if (after == 0 || entries_[after - 1].position != position) return nullptr;
  return &entries_[after - 1];
}

void Fresh::settle(FreshEntry& entry, uint32_t uplink_bit) {
  entry.waiting &= ~uplink_bit;
  entry.held &= ~uplink_bit;
  if (entry.waiting != 0) return;
  bytes_ -= record_bytes(entry);
  entry.record.reset();
}

void Fresh::pop_front(size_t count) {
  for (; count > 0 && !entries_.empty(); --count) {
    bytes_ -= kEntryBytes + record_bytes(entries_.front());
    entries_.pop_front();
  }
}

void Fresh::trim() {
  while (!entries_.empty() && entries_.front().waiting == 0) pop_front(1);
}

}  // namespace ferrule::outbox

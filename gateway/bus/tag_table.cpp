#include "bus/tag_table.h"

namespace ferrule {

namespace {

WallTime in_utc(MonoTime at, Duration wall_offset) { return WallTime(at.time_since_epoch() + wall_offset); }

}  // namespace

void TagTable::add(TagId tag) {
  const std::lock_guard guard(lock_);
  if (configured(tag)) return;
  if (rows_.size() <= index_of(tag)) {
    rows_.resize(index_of(tag) + 1);
    configured_.resize(index_of(tag) + 1);
  }
  configured_[index_of(tag)] = true;
}

void TagTable::remove(TagId tag) {
  const std::lock_guard guard(lock_);
  if (!configured(tag)) return;
  rows_[index_of(tag)] = Row{};
  configured_[index_of(tag)] = false;
  source_ns_.erase(tag);
}

void TagTable::update(std::span<const Sample> samples, Duration wall_offset) {
  const std::lock_guard guard(lock_);
  for (const Sample& sample : samples) {
    if (!configured(sample.tag)) continue;
    Row& row = rows_[index_of(sample.tag)];
    row = {sample.value,   sample.read_at, in_utc(sample.read_at, wall_offset), row.changes + 1, sample.detail,
           sample.quality, sample.reason};
    if (sample.source_ns != 0) {
      source_ns_[sample.tag] = sample.source_ns;
    } else if (!source_ns_.empty()) {
      source_ns_.erase(sample.tag);
    }
  }
}

Latest TagTable::of(TagId tag) const {
  const Row& row = rows_[index_of(tag)];
  const auto source = source_ns_.find(tag);
  return {{row.value, row.read_at, tag, row.quality, row.reason, row.detail, source == source_ns_.end() ? 0 : source->second},
          row.timestamp,
          row.changes};
}

std::optional<Latest> TagTable::latest(TagId tag) const {
  const std::lock_guard guard(lock_);
  if (!configured(tag)) return std::nullopt;
  return of(tag);
}

std::vector<Latest> TagTable::latest(std::span<const TagId> tags) const {
  std::vector<Latest> found;
  found.reserve(tags.size());
  const std::lock_guard guard(lock_);
  for (const TagId tag : tags) {
    if (configured(tag)) found.push_back(of(tag));
  }
  return found;
}

std::vector<Latest> TagTable::all() const {
  std::vector<Latest> found;
  const std::lock_guard guard(lock_);
  found.reserve(rows_.size());
  for (uint32_t index = 0; index < rows_.size(); ++index) {
    if (configured_[index]) found.push_back(of(TagId{index}));
  }
  return found;
}

}  // namespace ferrule

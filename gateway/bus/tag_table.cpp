#include "bus/tag_table.h"

namespace ferrule {

namespace {

WallTime in_utc(MonoTime at, Duration wall_offset) { return WallTime(at.time_since_epoch() + wall_offset); }

}  // namespace

void TagTable::add(TagId tag) {
  const std::lock_guard guard(lock_);
  if (rows_.size() <= index_of(tag)) rows_.resize(index_of(tag) + 1);
  Row& row = rows_[index_of(tag)];
  if (row.configured) return;
  row.configured = true;
  row.latest = Latest{};
  row.latest.sample.tag = tag;
  row.latest.sample.quality = Quality::bad;
  row.latest.sample.reason = Reason::not_read_yet;
}

void TagTable::remove(TagId tag) {
  const std::lock_guard guard(lock_);
  if (index_of(tag) < rows_.size()) rows_[index_of(tag)] = Row{};
}

void TagTable::update(std::span<const Sample> samples, Duration wall_offset) {
  const std::lock_guard guard(lock_);
  for (const Sample& sample : samples) {
    if (index_of(sample.tag) >= rows_.size()) continue;
    Row& row = rows_[index_of(sample.tag)];
    if (!row.configured) continue;
    row.latest.sample = sample;
    row.latest.timestamp = in_utc(sample.read_at, wall_offset);
    ++row.latest.changes;
  }
}

std::optional<Latest> TagTable::latest(TagId tag) const {
  const std::lock_guard guard(lock_);
  if (index_of(tag) >= rows_.size() || !rows_[index_of(tag)].configured) return std::nullopt;
  return rows_[index_of(tag)].latest;
}

std::vector<Latest> TagTable::latest(std::span<const TagId> tags) const {
  std::vector<Latest> found;
  found.reserve(tags.size());
  const std::lock_guard guard(lock_);
  for (const TagId tag : tags) {
    if (index_of(tag) < rows_.size() && rows_[index_of(tag)].configured) found.push_back(rows_[index_of(tag)].latest);
  }
  return found;
}

std::vector<Latest> TagTable::all() const {
  std::vector<Latest> found;
  const std::lock_guard guard(lock_);
  found.reserve(rows_.size());
  for (const Row& row : rows_) {
    if (row.configured) found.push_back(row.latest);
  }
  return found;
}

}  // namespace ferrule

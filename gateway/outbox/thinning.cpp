#include "outbox/thinning.h"

#include <algorithm>
#include <optional>
#include <unordered_map>

namespace ferrule::outbox {

namespace {

struct At {  // a sample in `entries`
  uint32_t entry = 0, sample = 0;
};

// What one tag keeps of one bucket, as far as it has been seen.
struct Kept {
  int64_t bucket = 0;
  At last, least, greatest;
  std::optional<double> low, high;
  Quality quality = Quality::good;
};

std::optional<double> number_of(const Value& value) {
  switch (value.kind()) {
    case Value::Kind::integer: return static_cast<double>(value.as_int());
    case Value::Kind::unsigned_integer: return static_cast<double>(value.as_uint());
    case Value::Kind::float32: return value.as_float();
    case Value::Kind::float64: return value.as_double();
    default: return {};
  }
}

class Choice {
 public:
  Choice(const std::vector<BlockEntry>& entries, Duration bucket) : entries_(entries), bucket_(bucket), keep_(entries.size()) {
    for (uint32_t i = 0; i < entries.size(); ++i) {
      const auto* samples = std::get_if<Samples>(&entries[i].record->body);
      if (samples == nullptr) continue;
      keep_[i].resize(samples->size());
      for (uint32_t s = 0; s < samples->size(); ++s) look((*samples)[s], {i, s});
    }
    for (const auto& [tag, kept] : kept_) close(kept);
  }

  bool keeps(size_t entry, size_t sample) const { return keep_[entry][sample]; }

 private:
  void mark(At at) { keep_[at.entry][at.sample] = true; }
  void close(const Kept& kept) {
    mark(kept.last);
    if (kept.low) mark(kept.least), mark(kept.greatest);
  }

  void look(const Sample& sample, At at) {
    const int64_t bucket = sample.read_at.time_since_epoch() / bucket_;
    const auto [known, fresh] = kept_.try_emplace(sample.tag);
    Kept& kept = known->second;
    if (fresh || kept.bucket != bucket) {
      if (!fresh) close(kept);
      kept = {bucket, at, at, at, {}, {}, sample.quality};
      mark(at);
    }
    if (kept.quality != sample.quality) mark(at);
    kept.quality = sample.quality;
    kept.last = at;
    const std::optional<double> number = number_of(sample.value);
    if (!number) return;
    if (!kept.low || *number < *kept.low) kept.low = number, kept.least = at;
    if (!kept.high || *number > *kept.high) kept.high = number, kept.greatest = at;
  }

  const std::vector<BlockEntry>& entries_;
  const Duration bucket_;
  std::vector<std::vector<bool>> keep_;
  std::unordered_map<TagId, Kept> kept_;
};

}  // namespace

std::vector<Shed> thin(std::vector<BlockEntry>& entries, size_t uplinks, Duration bucket) {
  std::vector<Shed> shed(uplinks);
  const Choice choice(entries, bucket);
  std::vector<BlockEntry> left;
  for (size_t i = 0; i < entries.size(); ++i) {
    BlockEntry& entry = entries[i];
    const auto* samples = std::get_if<Samples>(&entry.record->body);
    if (samples == nullptr) {
      left.push_back(std::move(entry));
      continue;
    }
    Samples kept;
    for (size_t s = 0; s < samples->size(); ++s) {
      if (choice.keeps(i, s)) kept.push_back((*samples)[s]);
    }
    for (size_t uplink = 0; uplink < uplinks; ++uplink) {
      if (entry.seq[uplink] == 0) continue;
      shed[uplink].samples += samples->size() - kept.size();
      shed[uplink].records += kept.empty() ? 1 : 0;
    }
    if (kept.empty()) continue;
    if (kept.size() < samples->size()) {
      auto record = std::make_shared<Record>();
      record->device = entry.record->device;
      record->read_at = entry.record->read_at;
      record->timestamp = entry.record->timestamp;
      record->body = std::move(kept);
      entry.record = std::move(record);
    }
    left.push_back(std::move(entry));
  }
  entries = std::move(left);
  return shed;
}

void leave_events(std::vector<BlockEntry>& entries) {
  std::erase_if(entries, [](const BlockEntry& entry) { return std::holds_alternative<Samples>(entry.record->body); });
}

}  // namespace ferrule::outbox

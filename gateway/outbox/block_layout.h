// What the writer and the reader of a block share. Part of the file format: add at the end, never renumber.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/sample.h"

namespace ferrule::outbox {

inline constexpr std::string_view kBlockMagic = "FB";
inline constexpr uint8_t kBlockVersion = 2;
inline constexpr uint8_t kFirstBlockVersion = 1;  // read, never written: times have no form
inline constexpr size_t kBlockHeader = 7;         // magic, version, CRC-32 of what follows

enum class BodyKind : uint8_t { samples, alarm, loss, outcome, device_state };

// How the times of samples within their records are written: differences from sample to sample, or what differs in these from the
// record before, where that has as many samples. Polls of one group look alike.
enum class TimesForm : uint8_t { steps, repeated };
inline constexpr uint8_t kTimesForms = 2;

// Steps of all samples, record after record (`counts`), to what differs from the record before, and back.
void to_repeated(std::vector<int64_t>& steps, const std::vector<uint64_t>& counts);
void from_repeated(std::vector<int64_t>& steps, const std::vector<uint64_t>& counts);

// All of a sample that is not its tag, time or value; few differ within a block.
struct Traits {
  Value::Kind kind = Value::Kind::none;
  Quality quality = Quality::good;
  Reason reason = Reason::none;
  uint16_t detail = 0;
  bool source_time = false;
  auto operator<=>(const Traits&) const = default;
};

// Sample indices in column order: by tag, and in their order within a tag. `tags` holds each sample's index below `tag_count`.
inline std::vector<uint32_t> column_order(const std::vector<uint32_t>& tags, size_t tag_count, std::vector<uint32_t>& starts) {
  starts.assign(tag_count + 1, 0);
  for (const uint32_t tag : tags) ++starts[tag + 1];
  for (size_t tag = 0; tag < tag_count; ++tag) starts[tag + 1] += starts[tag];
  std::vector<uint32_t> next(starts.begin(), starts.end() - 1);
  std::vector<uint32_t> order(tags.size());
  for (uint32_t i = 0; i < tags.size(); ++i) order[next[tags[i]]++] = i;
  return order;
}

// Sums of what a block says, which may be anything: they wrap where they overflow.
inline int64_t plus(int64_t a, int64_t b) { return static_cast<int64_t>(static_cast<uint64_t>(a) + static_cast<uint64_t>(b)); }

}  // namespace ferrule::outbox

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
inline constexpr uint8_t kBlockVersion = 1;
inline constexpr size_t kBlockHeader = 7;  // magic, version, CRC-32 of what follows

enum class BodyKind : uint8_t { samples, alarm, loss, outcome, device_state };

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

}  // namespace ferrule::outbox

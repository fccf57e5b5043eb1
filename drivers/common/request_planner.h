// Which stretches of a device's address space to read, so that few requests answer many values. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "core/status.h"

namespace ferrule {

// Where one value lies: `width` registers (or bits) from `start`. Width at least 1.
struct ValueSpan {
  uint32_t start = 0;
  uint32_t width = 1;
};

// One request: `width` registers from `start`; `values` indexes the spans that it answers, in the order of their addresses.
struct Block {
  uint32_t start = 0;
  uint32_t width = 0;
  std::vector<size_t> values;
  uint32_t end() const { return start + width; }
};

struct PlanLimits {
  uint32_t most = 125;   // registers of one request
  uint32_t max_gap = 0;  // unwanted registers that may be read to join two values; 0: only what touches or overlaps
};

// Every span is answered by exactly one block; no value is split; no block is wider than `most`. Same input, same plan, whatever
// the order of the spans. invalid: one value alone is wider than `most`.
Result<std::vector<Block>> plan_blocks(std::span<const ValueSpan> spans, PlanLimits limits);

}  // namespace ferrule

// Which stretches of a device's address space to read, so that many values cost the line as little time as can be. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "core/clock.h"
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
  uint32_t most = 125;                                      // registers of one request
  uint32_t max_gap = std::numeric_limits<uint32_t>::max();  // unwanted registers that may be read to join two values
  Duration request_cost = Duration{0};                      // line time of a request, however little it reads
  Duration register_cost = Duration{0};                     // of each register (or bit) more
  // Addresses, rising: no request reads on both sides of one, that is both wall - 1 and wall. A value that lies across a wall is
  // asked for alone. A range that must never be read is a wall at its first address.
  std::span<const uint32_t> walls = {};
};

// The cheapest plan under the limits; among equally cheap ones that with the fewest requests, so that without costs all is merged
// that may be. Every span is answered by exactly one block; no value is split; no block is wider than `most`. Same input, same
// plan, whatever the order of the spans. invalid: one value alone is wider than `most`. Time grows with spans times `most`.
Result<std::vector<Block>> plan_blocks(std::span<const ValueSpan> spans, const PlanLimits& limits);

}  // namespace ferrule

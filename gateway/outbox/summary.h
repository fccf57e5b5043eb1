// What the outbox keeps in memory of each stored block, so that it need not read the block: which positions, how much, for whom.
// Stored beside the block with a checksum of its own. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.h"
#include "core/status.h"
#include "outbox/block.h"

namespace ferrule::outbox {

// What one uplink had not settled when the block was written.
struct Share {
  uint32_t uplink = 0;  // stored id
  uint64_t records = 0;
  uint64_t samples = 0;
};

struct Summary {
  uint64_t first = 0, last = 0;  // positions
  uint64_t boot = 0;
  uint64_t records = 0, samples = 0;
  uint64_t bytes = 0;      // of the encoded block
  uint64_t level = 0;      // how often its records were merged, or one of the below
  Duration sealed_at{0};   // running time of the gateway, see Engine::running_time()
  WallTime from, to;       // time stamps of the earliest and the latest record
  uint32_t last_name = 0;  // no name in the block has a higher id
  std::vector<Share> shares;

  static constexpr uint64_t kFull = 255;     // never merged again
  static constexpr uint64_t kThinned = 254;  // nor thinned again
  static constexpr uint64_t kEvents = 253;   // what is not samples, of blocks that were evicted: goes last
};

Summary summarize(const Block& block, uint64_t bytes, uint64_t level, Duration sealed_at, uint32_t last_name);

std::string encode(const Summary& summary);
Result<Summary> decode_summary(std::string_view bytes);

}  // namespace ferrule::outbox

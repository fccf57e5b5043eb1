// One transaction in the making.
#pragma once

#include <algorithm>
#include <vector>

#include "outbox/engine.h"

namespace ferrule::outbox {

struct Engine::Writing {
  struct Lost {
    uint32_t uplink = 0;
    uint64_t records = 0, samples = 0;
    uint64_t first = 0;  // of the block that was evicted
  };
  MonoTime now;
  LossBook losses;  // a copy: it becomes true when the transaction has succeeded
  Batch batch;
  size_t sealed = 0;  // records of Fresh that are in batch.blocks
  std::vector<Lost> lost;
  RangeSet evicted;   // positions that are in no block any more, or in another one
  bool more = false;  // settled blocks are left for the next transaction

  bool erases(uint64_t first) const {
    return std::find(batch.erase_blocks.begin(), batch.erase_blocks.end(), first) != batch.erase_blocks.end();
  }
};

}  // namespace ferrule::outbox

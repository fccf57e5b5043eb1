// What to leave of old data when room is short. Pure.
#pragma once

#include <cstdint>
#include <vector>

#include "core/clock.h"
#include "outbox/block.h"

namespace ferrule::outbox {

// What went, by the block's uplinks; samples of a record count for each uplink that still needed it.
struct Shed {
  uint64_t records = 0, samples = 0;
};

// Of each tag and bucket of its reading times: the first and the last sample, the least and the greatest number, and each sample
// whose quality differs from the one before. Records that keep nothing go. Everything but samples stays.
std::vector<Shed> thin(std::vector<BlockEntry>& entries, size_t uplinks, Duration bucket);

// Leaves alarms, outcomes, losses and device states.
void leave_events(std::vector<BlockEntry>& entries);

}  // namespace ferrule::outbox

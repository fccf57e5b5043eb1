// Who still needs what of the stored blocks. Pure: no disk, no time.
//
// For each uplink and block: how many records and samples are not settled, and which positions of a partly settled block are. An
// uplink's cursor is the position before the first block that has something for it; what it settled beyond goes along as ranges.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "outbox/range_set.h"
#include "outbox/summary.h"

namespace ferrule::outbox {

struct CursorState {
  uint64_t position = 0;  // everything up to here is settled
  RangeSet settled;       // and this beyond it
};

std::string encode(const CursorState& state);
Result<CursorState> decode_cursor(std::string_view bytes);

class Ledger {
 public:
  struct Left {
    uint64_t records = 0;
    uint64_t samples = 0;
  };
  struct Stored {
    Summary summary;
    std::vector<Left> left;  // as summary.shares
    Left* of(uint32_t uplink);
    const Left* of(uint32_t uplink) const { return const_cast<Stored*>(this)->of(uplink); }
    bool done() const;  // nobody needs it
  };
  using Blocks = std::map<uint64_t, Stored>;  // by first position

  // A block that was written just now: nothing of its shares is settled.
  void add(const Summary& summary);
  void erase(uint64_t first);
  // The block is written anew without what is settled: its part of the settled positions is forgotten.
  void forget_settled(uint64_t first, uint64_t last);

  // Starts with the cursor that the file holds. Blocks come first. `partly` gets the blocks that are settled in part: what is
  // left of them is not known before somebody has read them and called set_left().
  void start(uint32_t uplink, const CursorState& state, std::vector<uint64_t>& partly);
  void set_left(uint64_t first, uint32_t uplink, Left left);
  void remove(uint32_t uplink);  // everything that is left for it is given up

  // The record at `position` of `samples` samples, which is for this uplink, is settled. False: no block holds it, or it was.
  bool settle(uint32_t uplink, uint64_t position, uint64_t samples);
  bool settled(uint32_t uplink, uint64_t position) const;

  const Stored* holding(uint64_t position) const;  // the block whose range the position is in
  const Blocks& blocks() const { return blocks_; }
  Left left(uint32_t uplink) const;           // in all blocks
  CursorState cursor(uint32_t uplink) const;  // as it goes into the file
  bool needs_cursor(uint32_t uplink) const;   // any block has a share for it

 private:
  Stored* find(uint64_t position);

  Blocks blocks_;
  std::map<uint32_t, RangeSet> settled_;  // by uplink, in blocks that are not done for it
};

}  // namespace ferrule::outbox

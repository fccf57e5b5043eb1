// The latest sample of every tag, readable from any thread.
//
// Written by the bus thread once per poll (one lock a poll); read by REST and the command path. Latest values survive a reload
// for tags that stay configured.
#pragma once

#include <cstdint>
#include <mutex>
#include <optional>
#include <span>
#include <unordered_map>
#include <vector>

#include "core/sample.h"

namespace ferrule {

struct Latest {
  Sample sample;         // after scale, limits and rules; not_read_yet before the first poll
  WallTime timestamp;    // of the reading
  uint32_t changes = 0;  // how often it was updated since the start
};

class TagTable {
 public:
  // Bus thread. Makes room for the tag and marks it configured (or not, when a reload removed it).
  void add(TagId tag);
  void remove(TagId tag);
  // Bus thread. `wall_offset` turns a MonoTime into UTC: timestamp = WallTime(read_at.time_since_epoch() + wall_offset).
  void update(std::span<const Sample> samples, Duration wall_offset);

  // Any thread.
  std::optional<Latest> latest(TagId tag) const;                  // nothing: not configured
  std::vector<Latest> latest(std::span<const TagId> tags) const;  // unconfigured ones are left out
  std::vector<Latest> all() const;

 private:
  struct Row {  // kept small: there may be 300,000 of them
    Value value;
    MonoTime read_at;
    WallTime timestamp;
    uint32_t changes = 0;
    uint16_t detail = 0;
    Quality quality = Quality::bad;
    Reason reason = Reason::not_read_yet;
  };
  bool configured(TagId tag) const { return index_of(tag) < configured_.size() && configured_[index_of(tag)]; }  // lock held
  Latest of(TagId tag) const;                                                                                    // lock held

  mutable std::mutex lock_;
  std::vector<Row> rows_;                         // by TagId
  std::vector<bool> configured_;                  // by TagId
  std::unordered_map<TagId, int64_t> source_ns_;  // of the few whose devices tell
};

}  // namespace ferrule

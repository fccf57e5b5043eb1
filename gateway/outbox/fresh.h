// Records that are in memory only: too young to be stored, or the disk will not have them. Pure. Nothing here touches a sample.
#pragma once

#include <cstdint>
#include <deque>
#include <vector>

#include "core/clock.h"
#include "core/record.h"

namespace ferrule::outbox {

struct FreshEntry {
  RecordPtr record;  // null once nobody waits for it
  uint64_t position = 0;
  std::vector<uint64_t> seq;  // by UplinkIndex
  MonoTime arrived;
  uint32_t samples = 0;
  uint32_t waiting = 0;  // a bit for each uplink that has not settled it
  uint32_t held = 0;     // a bit for each uplink in whose hands it is: claimed as live, or handed out
};

class Fresh {
 public:
  void add(FreshEntry entry);  // positions rise
  FreshEntry* find(uint64_t position);
  // This uplink needs it no more.
  void settle(FreshEntry& entry, uint32_t uplink_bit);
  void pop_front(size_t count);
  void trim();  // forgets what nobody waits for, from the front

  bool empty() const { return entries_.empty(); }
  std::deque<FreshEntry>& entries() { return entries_; }
  const std::deque<FreshEntry>& entries() const { return entries_; }
  size_t index_after(uint64_t position) const;  // of the first entry beyond
  uint64_t bytes() const { return bytes_; }

 private:
  std::deque<FreshEntry> entries_;
  uint64_t bytes_ = 0;
};

}  // namespace ferrule::outbox

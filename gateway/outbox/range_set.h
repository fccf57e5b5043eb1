// A set of positions kept as disjoint, non-adjacent ranges: cheap where what is in it lies together.
#pragma once

#include <cstdint>
#include <map>

namespace ferrule::outbox {

class RangeSet {
 public:
  void add(uint64_t first, uint64_t last);    // both inclusive
  void erase(uint64_t first, uint64_t last);  // both inclusive
  bool contains(uint64_t position) const;
  bool covers(uint64_t first, uint64_t last) const;
  uint64_t count(uint64_t first, uint64_t last) const;  // how many of them are in the set
  bool empty() const { return ranges_.empty(); }
  const std::map<uint64_t, uint64_t>& ranges() const { return ranges_; }  // first -> last

 private:
  std::map<uint64_t, uint64_t> ranges_;
};

}  // namespace ferrule::outbox

#include "outbox/range_set.h"

#include <algorithm>
#include <iterator>

namespace ferrule::outbox {

void RangeSet::add(uint64_t first, uint64_t last) {
  auto next = ranges_.upper_bound(first);
  if (next != ranges_.begin()) {
    const auto before = std::prev(next);
    if (before->second + 1 >= first) {
      first = before->first;
      last = std::max(last, before->second);
      ranges_.erase(before);
    }
  }
  while (next != ranges_.end() && next->first <= last + 1) {
    last = std::max(last, next->second);
    next = ranges_.erase(next);
  }
  ranges_.emplace_hint(next, first, last);
}

void RangeSet::erase(uint64_t first, uint64_t last) {
  auto next = ranges_.upper_bound(first);
  if (next != ranges_.begin()) --next;
  while (next != ranges_.end() && next->first <= last) {
    const auto [from, to] = *next;
    if (to < first) {
      ++next;
      continue;
    }
    next = ranges_.erase(next);
    if (from < first) ranges_.emplace(from, first - 1);
    if (to > last) ranges_.emplace(last + 1, to);
  }
}

bool RangeSet::contains(uint64_t position) const { return covers(position, position); }

bool RangeSet::covers(uint64_t first, uint64_t last) const {
  const auto next = ranges_.upper_bound(first);
  return next != ranges_.begin() && std::prev(next)->second >= last;
}

uint64_t RangeSet::count(uint64_t first, uint64_t last) const {
  uint64_t total = 0;
  auto next = ranges_.upper_bound(first);
  if (next != ranges_.begin()) --next;
  for (; next != ranges_.end() && next->first <= last; ++next) {
    if (next->second < first) continue;
    total += std::min(last, next->second) - std::max(first, next->first) + 1;
  }
  return total;
}

}  // namespace ferrule::outbox

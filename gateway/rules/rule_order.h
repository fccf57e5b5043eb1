// Which rules must run before which, because one reads what another sets.
#pragma once

#include <span>
#include <vector>

#include "core/names.h"

namespace ferrule {

struct RuleLinks {
  TagId set = TagId::none;
  std::vector<TagId> reads;
};

struct RuleOrder {
  // 1: reads no rule's tag; otherwise one more than the highest level that it reads. 0: part of a loop or behind one.
  std::vector<int> levels;
  std::vector<std::vector<size_t>> loops;  // each as the rules along it; each feeds the next, the last the first
};

RuleOrder order_rules(std::span<const RuleLinks> rules);

}  // namespace ferrule

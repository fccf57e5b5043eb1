#include "rules/rule_order.h"

#include <algorithm>
#include <unordered_map>

namespace ferrule {

namespace {

using Edges = std::vector<std::vector<size_t>>;

Edges feeders_of(std::span<const RuleLinks> rules) {
  std::unordered_map<TagId, size_t> setter;
  for (size_t i = 0; i < rules.size(); ++i) {
    if (rules[i].set != TagId::none) setter.emplace(rules[i].set, i);
  }
  Edges feeders(rules.size());
  for (size_t i = 0; i < rules.size(); ++i) {
    for (const TagId tag : rules[i].reads) {
      const auto known = setter.find(tag);
      if (known != setter.end()) feeders[i].push_back(known->second);
    }
  }
  return feeders;
}

// Every rule that has no level is fed by another one of that kind, so walking back from it ends in a loop.
void find_loops(const Edges& feeders, RuleOrder& order) {
  std::vector<size_t> walk_of(feeders.size(), 0);
  for (size_t start = 0; start < feeders.size(); ++start) {
    if (order.levels[start] != 0 || walk_of[start] != 0) continue;
    std::vector<size_t> path;
    size_t at = start;
    while (walk_of[at] == 0) {
      walk_of[at] = start + 1;
      path.push_back(at);
      at = *std::find_if(feeders[at].begin(), feeders[at].end(), [&](size_t feeder) { return order.levels[feeder] == 0; });
    }
    if (walk_of[at] != start + 1) continue;  // ran into a loop that is known already
    path.erase(path.begin(), std::find(path.begin(), path.end(), at));
    std::reverse(path.begin(), path.end());
    order.loops.push_back(std::move(path));
  }
}

}  // namespace

RuleOrder order_rules(std::span<const RuleLinks> rules) {
  const Edges feeders = feeders_of(rules);
  Edges fed(rules.size());
  std::vector<size_t> open(rules.size());
  RuleOrder order;
  order.levels.assign(rules.size(), 0);
  std::vector<size_t> ready;
  for (size_t i = 0; i < rules.size(); ++i) {
    open[i] = feeders[i].size();
    for (const size_t feeder : feeders[i]) fed[feeder].push_back(i);
    if (open[i] == 0) ready.push_back(i);
  }
  while (!ready.empty()) {
    const size_t rule = ready.back();
    ready.pop_back();
    int highest = 0;
    for (const size_t feeder : feeders[rule]) highest = std::max(highest, order.levels[feeder]);
    order.levels[rule] = highest + 1;
    for (const size_t next : fed[rule]) {
      if (--open[next] == 0) ready.push_back(next);
    }
  }
  find_loops(feeders, order);
  return order;
}

}  // namespace ferrule

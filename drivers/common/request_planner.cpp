#include "drivers_common/request_planner.h"

#include <algorithm>
#include <numeric>
#include <string>
#include <tuple>

namespace ferrule {

namespace {

// Spans that are alike, so that a thousand tags on one register are planned as one.
struct Stretch {
  uint32_t start = 0;
  uint32_t end = 0;
  std::vector<size_t> values;
};

std::vector<Stretch> sorted_stretches(std::span<const ValueSpan> spans) {
  std::vector<size_t> order(spans.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::ranges::sort(order, [&](size_t a, size_t b) {
    return std::tuple(spans[a].start, spans[a].width, a) < std::tuple(spans[b].start, spans[b].width, b);
  });
  std::vector<Stretch> stretches;
  for (const size_t index : order) {
    const uint32_t start = spans[index].start;
    const uint32_t end = start + spans[index].width;
    if (stretches.empty() || stretches.back().start != start || stretches.back().end != end)
      stretches.push_back({start, end, {}});
    stretches.back().values.push_back(index);
  }
  return stretches;
}

// The best plan for the first n stretches: what it costs, and where its last block begins.
struct Best {
  Duration cost = Duration::max();
  size_t requests = 0;
  size_t last = 0;
  bool worse_than(const Best& other) const { return std::tuple(cost, requests) > std::tuple(other.cost, other.requests); }
};

class Planner {
 public:
  Planner(std::vector<Stretch> stretches, const PlanLimits& limits)
      : stretches_(std::move(stretches)), limits_(limits), best_(stretches_.size() + 1) {}

  std::vector<Block> plan() {
    best_[0].cost = Duration{0};
    for (size_t first = 0; first < stretches_.size(); ++first) try_blocks_from(first);
    std::vector<Block> blocks;
    for (size_t end = stretches_.size(); end > 0; end = best_[end].last) blocks.push_back(block_of(best_[end].last, end));
    std::ranges::reverse(blocks);
    return blocks;
  }

 private:
  void try_blocks_from(size_t first) {
    const uint32_t start = stretches_[first].start;
    const auto wall = std::ranges::upper_bound(limits_.walls, start);
    uint32_t end = stretches_[first].end;
    for (size_t next = first; next < stretches_.size(); ++next) {
      const Stretch& stretch = stretches_[next];
      const uint32_t joined = std::max(end, stretch.end);
      if (next > first) {
        if (joined - start > limits_.most || gap_too_wide(end, stretch.start)) return;
        if (wall != limits_.walls.end() && joined > *wall) return;
      }
      end = joined;
      const Best candidate{best_[first].cost + limits_.request_cost + limits_.register_cost * (end - start),
                           best_[first].requests + 1, first};
      if (best_[next + 1].worse_than(candidate)) best_[next + 1] = candidate;
    }
  }

  bool gap_too_wide(uint32_t end, uint32_t start) const {
    if (start <= end) return false;
    const uint32_t gap = start - end;
    return gap > limits_.max_gap || limits_.register_cost * gap > limits_.request_cost;
  }

  Block block_of(size_t first, size_t last) const {
    Block block{stretches_[first].start, 0, {}};
    for (size_t i = first; i < last; ++i) {
      block.width = std::max(block.width, stretches_[i].end - block.start);
      block.values.insert(block.values.end(), stretches_[i].values.begin(), stretches_[i].values.end());
    }
    return block;
  }

  const std::vector<Stretch> stretches_;
  const PlanLimits& limits_;
  std::vector<Best> best_;
};

}  // namespace

Result<std::vector<Block>> plan_blocks(std::span<const ValueSpan> spans, const PlanLimits& limits) {
  for (const ValueSpan& span : spans) {
    if (span.width <= limits.most) continue;
    return Status(Fault::invalid, "a value of " + std::to_string(span.width) + " registers does not fit a request of " +
                                      std::to_string(limits.most));
  }
  return Planner(sorted_stretches(spans), limits).plan();
}

}  // namespace ferrule

#include "drivers_common/request_planner.h"

#include <algorithm>
#include <numeric>
#include <string>

namespace ferrule {

Result<std::vector<Block>> plan_blocks(std::span<const ValueSpan> spans, PlanLimits limits) {
  std::vector<size_t> order(spans.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::ranges::sort(order, [&](size_t a, size_t b) {
    if (spans[a].start != spans[b].start) return spans[a].start < spans[b].start;
    if (spans[a].width != spans[b].width) return spans[a].width < spans[b].width;
    return a < b;
  });

  std::vector<Block> blocks;
  for (const size_t index : order) {
    const ValueSpan& span = spans[index];
    if (span.width > limits.most) {
      return Status(Fault::invalid, "a value of " + std::to_string(span.width) + " registers does not fit a request of " +
                                        std::to_string(limits.most));
    }
    const uint32_t end = span.start + span.width;
    const bool joins = !blocks.empty() && span.start <= blocks.back().end() + limits.max_gap &&
                       std::max(end, blocks.back().end()) - blocks.back().start <= limits.most;
    if (!joins) blocks.push_back({span.start, span.width, {}});
    Block& block = blocks.back();
    block.width = std::max(block.end(), end) - block.start;
    block.values.push_back(index);
  }
  return blocks;
}

}  // namespace ferrule

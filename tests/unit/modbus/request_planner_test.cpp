#include "drivers_common/request_planner.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace ferrule {

namespace {

std::string shape(std::span<const ValueSpan> spans, PlanLimits limits) {
  const auto blocks = plan_blocks(spans, limits);
  if (!blocks.ok()) return "refused";
  std::string text;
  for (const Block& block : *blocks) {
    if (!text.empty()) text += " ";
    text += std::to_string(block.start) + "+" + std::to_string(block.width);
  }
  return text;
}

struct Case {
  std::string what;
  std::vector<ValueSpan> spans;
  PlanLimits limits;
  std::string expected;
};

constexpr Duration kRequest{25'000'000};  // as a request and its answer's frame take at 9,600 baud
constexpr Duration kRegister{2'083'000};
constexpr uint32_t kAnyGap = 1000;

PlanLimits priced(uint32_t most = 125, std::span<const uint32_t> walls = {}) {
  return {.most = most, .request_cost = kRequest, .register_cost = kRegister, .walls = walls};
}

TEST(RequestPlanner, merges_what_touches_and_no_wider_gap_than_allowed) {
  const std::vector<Case> table{
      {"nothing", {}, {}, ""},
      {"one", {{5, 1}}, {}, "5+1"},
      {"adjacent", {{5, 1}, {6, 2}}, {.max_gap = 0}, "5+3"},
      {"out of order", {{6, 2}, {5, 1}}, {.max_gap = 0}, "5+3"},
      {"a gap", {{5, 1}, {7, 1}}, {.max_gap = 0}, "5+1 7+1"},
      {"a gap that may be read", {{5, 1}, {7, 1}}, {.max_gap = 1}, "5+3"},
      {"a gap one too wide", {{5, 1}, {8, 1}}, {.max_gap = 1}, "5+1 8+1"},
      {"the same twice", {{5, 2}, {5, 2}}, {}, "5+2"},
      {"overlapping", {{5, 4}, {6, 1}}, {.max_gap = 0}, "5+4"},
      {"overlapping over the end", {{5, 2}, {6, 4}}, {.max_gap = 0}, "5+5"},
      {"full", {{0, 125}, {125, 1}}, {}, "0+125 125+1"},
      {"a value is not split", {{0, 124}, {124, 2}}, {}, "0+124 124+2"},
      {"end of the space", {{65534, 2}}, {}, "65534+2"},
      {"one register at a time", {{0, 1}, {1, 1}}, {.most = 1}, "0+1 1+1"},
      {"too wide", {{0, 4}}, {.most = 2}, "refused"},
  };
  for (const Case& one : table) EXPECT_EQ(shape(one.spans, one.limits), one.expected) << one.what;
}

TEST(RequestPlanner, bridges_a_gap_where_that_is_cheaper_than_another_request) {
  const std::vector<Case> table{
      {"12 registers cost 24.996 ms, a request 25", {{0, 1}, {13, 1}}, priced(), "0+14"},
      {"13 cost more", {{0, 1}, {14, 1}}, priced(), "0+1 14+1"},
      {"unless the user forbids it",
       {{0, 1}, {13, 1}},
       {.max_gap = 0, .request_cost = kRequest, .register_cost = kRegister},
       "0+1 13+1"},
      // First come, first merged would give 0+8 18+1 (27 registers' worth), cutting at the wider gap reads less.
      {"the wider gap is where a full request ends", {{0, 1}, {7, 1}, {9, 1}}, priced(8), "0+1 7+3"},
  };
  for (const Case& one : table) EXPECT_EQ(shape(one.spans, one.limits), one.expected) << one.what;
}

TEST(RequestPlanner, never_reads_across_a_wall) {
  const std::vector<uint32_t> at_ten{10};
  const std::vector<uint32_t> several{3, 10, 12};
  const std::vector<Case> table{
      {"adjacent values", {{9, 1}, {10, 1}}, priced(125, at_ten), "9+1 10+1"},
      {"a gap", {{8, 1}, {12, 1}}, priced(125, at_ten), "8+1 12+1"},
      {"a value across it stands alone", {{8, 1}, {9, 2}, {11, 1}}, priced(125, at_ten), "8+1 9+2 11+1"},
      {"several", {{2, 1}, {3, 1}, {9, 1}, {10, 1}, {11, 1}, {12, 1}}, priced(125, several), "2+1 3+7 10+2 12+1"},
  };
  for (const Case& one : table) EXPECT_EQ(shape(one.spans, one.limits), one.expected) << one.what;
}

struct RandomPlan {
  std::vector<ValueSpan> spans;
  std::vector<uint32_t> walls;
  PlanLimits limits;
};

RandomPlan random_plan(std::mt19937& random, size_t most_spans, uint32_t space) {
  RandomPlan plan;
  plan.spans.resize(random() % most_spans);
  for (ValueSpan& span : plan.spans) span = {static_cast<uint32_t>(random() % space), static_cast<uint32_t>(1 + random() % 4)};
  for (size_t i = random() % 4; i > 0; --i) plan.walls.push_back(static_cast<uint32_t>(random() % space));
  std::ranges::sort(plan.walls);
  plan.limits = {.most = static_cast<uint32_t>(4 + random() % 60),
                 .max_gap = random() % 2 == 0 ? kAnyGap : static_cast<uint32_t>(random() % 6),
                 .request_cost = Duration(random() % 30),
                 .register_cost = Duration(random() % 4)};
  return plan;
}

TEST(RequestPlanner, any_plan_answers_each_value_once_within_its_limits) {
  std::mt19937 random(20261121);
  for (int turn = 0; turn < 500; ++turn) {
    RandomPlan plan = random_plan(random, 200, 1000);
    plan.limits.walls = plan.walls;
    const auto blocks = plan_blocks(plan.spans, plan.limits);
    ASSERT_TRUE(blocks.ok());
    std::vector<int> answered(plan.spans.size());
    for (const Block& block : *blocks) {
      ASSERT_LE(block.width, plan.limits.most);
      bool alike = true;
      for (const size_t index : block.values) {
        ++answered[index];
        ASSERT_GE(plan.spans[index].start, block.start);
        ASSERT_LE(plan.spans[index].start + plan.spans[index].width, block.end());
        alike = alike && plan.spans[index].start == block.start && plan.spans[index].width == block.width;
      }
      for (const uint32_t wall : plan.walls) ASSERT_TRUE(alike || wall <= block.start || wall >= block.end());
    }
    for (const int times : answered) ASSERT_EQ(times, 1);
  }
}

Duration cost_of(std::span<const Block> blocks, const PlanLimits& limits) {
  Duration cost{0};
  for (const Block& block : blocks) cost += limits.request_cost + limits.register_cost * block.width;
  return cost;
}

// Every way of cutting the sorted values into consecutive requests, tried out.
Duration cheapest(std::vector<ValueSpan> spans, const PlanLimits& limits) {
  std::ranges::sort(spans, {}, [](const ValueSpan& span) { return std::pair(span.start, span.width); });
  Duration best = Duration::max();
  for (uint32_t cuts = 0; cuts < 1u << (spans.size() - 1); ++cuts) {
    std::vector<Block> blocks;
    bool allowed = true;
    for (size_t i = 0; i < spans.size() && allowed; ++i) {
      const uint32_t end = spans[i].start + spans[i].width;
      if (i == 0 || (cuts >> (i - 1) & 1) != 0) {
        blocks.push_back({spans[i].start, spans[i].width, {}});
        continue;
      }
      Block& block = blocks.back();
      allowed = spans[i].start <= block.end() || spans[i].start - block.end() <= limits.max_gap;
      block.width = std::max(block.end(), end) - block.start;
      allowed = allowed && block.width <= limits.most &&
                std::ranges::none_of(limits.walls, [&](uint32_t wall) { return wall > block.start && wall < block.end(); });
    }
    if (allowed) best = std::min(best, cost_of(blocks, limits));
  }
  return best;
}

TEST(RequestPlanner, no_other_plan_is_cheaper) {
  std::mt19937 random(4);
  for (int turn = 0; turn < 300; ++turn) {
    RandomPlan plan = random_plan(random, 10, 60);
    if (plan.spans.empty()) continue;
    plan.limits.walls = plan.walls;
    std::vector<ValueSpan> distinct = plan.spans;
    std::ranges::sort(distinct, {}, [](const ValueSpan& span) { return std::pair(span.start, span.width); });
    const auto alike = [](const ValueSpan& a, const ValueSpan& b) { return a.start == b.start && a.width == b.width; };
    distinct.erase(std::unique(distinct.begin(), distinct.end(), alike), distinct.end());
    const auto blocks = plan_blocks(plan.spans, plan.limits);
    ASSERT_TRUE(blocks.ok());
    EXPECT_EQ(cost_of(*blocks, plan.limits), cheapest(distinct, plan.limits)) << turn;
  }
}

}  // namespace

}  // namespace ferrule

#include "drivers_common/request_planner.h"

#include <gtest/gtest.h>

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

TEST(RequestPlanner, merges_what_touches_and_nothing_else) {
  const std::vector<Case> table{
      {"nothing", {}, {}, ""},
      {"one", {{5, 1}}, {}, "5+1"},
      {"adjacent", {{5, 1}, {6, 2}}, {}, "5+3"},
      {"out of order", {{6, 2}, {5, 1}}, {}, "5+3"},
      {"a gap", {{5, 1}, {7, 1}}, {}, "5+1 7+1"},
      {"a gap that may be read", {{5, 1}, {7, 1}}, {125, 1}, "5+3"},
      {"a gap one too wide", {{5, 1}, {8, 1}}, {125, 1}, "5+1 8+1"},
      {"the same twice", {{5, 2}, {5, 2}}, {}, "5+2"},
      {"overlapping", {{5, 4}, {6, 1}}, {}, "5+4"},
      {"overlapping over the end", {{5, 2}, {6, 4}}, {}, "5+5"},
      {"full", {{0, 125}, {125, 1}}, {}, "0+125 125+1"},
      {"a value is not split", {{0, 124}, {124, 2}}, {}, "0+124 124+2"},
      {"end of the space", {{65534, 2}}, {}, "65534+2"},
      {"one register at a time", {{0, 1}, {1, 1}}, {1, 0}, "0+1 1+1"},
      {"too wide", {{0, 4}}, {2, 0}, "refused"},
  };
  for (const Case& one : table) EXPECT_EQ(shape(one.spans, one.limits), one.expected) << one.what;
}

TEST(RequestPlanner, any_plan_answers_each_value_once_within_its_limits) {
  std::mt19937 random(20261121);
  for (int turn = 0; turn < 500; ++turn) {
    const PlanLimits limits{static_cast<uint32_t>(8 + random() % 118), static_cast<uint32_t>(random() % 6)};
    std::vector<ValueSpan> spans(random() % 200);
    for (ValueSpan& span : spans) span = {static_cast<uint32_t>(random() % 1000), static_cast<uint32_t>(1 + random() % 8)};
    const auto blocks = plan_blocks(spans, limits);
    ASSERT_TRUE(blocks.ok());
    std::vector<int> answered(spans.size());
    for (const Block& block : *blocks) {
      ASSERT_LE(block.width, limits.most);
      for (const size_t index : block.values) {
        ++answered[index];
        ASSERT_GE(spans[index].start, block.start);
        ASSERT_LE(spans[index].start + spans[index].width, block.end());
      }
    }
    for (const int times : answered) ASSERT_EQ(times, 1);
  }
}

}  // namespace

}  // namespace ferrule

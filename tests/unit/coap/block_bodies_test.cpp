#include "coap/block_bodies.h"

#include <gtest/gtest.h>

namespace ferrule::coap {

namespace {

using namespace std::chrono_literals;

const MonoTime kMorning = MonoTime() + 1000s;
const Resource kHere{{"here"}, {}}, kThere{{"there"}, {}};

Block block(uint32_t number, bool more, uint8_t exponent = 0) { return {number, more, exponent}; }

TEST(BlockBodies, blocks_in_order_make_a_body) {
  BlockBodies bodies;
  const std::string part(16, 'a');
  EXPECT_EQ(bodies.take(1, kHere, block(0, true), part, kMorning).code, BlockBodies::kContinue);
  EXPECT_EQ(bodies.take(1, kHere, block(1, true), part, kMorning).code, BlockBodies::kContinue);
  const auto whole = bodies.take(1, kHere, block(2, false), "end", kMorning);
  EXPECT_EQ(whole.code, 0);
  EXPECT_EQ(whole.body, part + part + "end");
  EXPECT_EQ(bodies.size(), 0u);
}

TEST(BlockBodies, bodies_of_other_devices_and_resources_are_kept_apart) {
  BlockBodies bodies;
  bodies.take(1, kHere, block(0, true), std::string(16, 'a'), kMorning);
  bodies.take(2, kHere, block(0, true), std::string(16, 'b'), kMorning);
  bodies.take(1, kThere, block(0, true), std::string(16, 'c'), kMorning);
  EXPECT_EQ(bodies.take(2, kHere, block(1, false), "!", kMorning).body, std::string(16, 'b') + "!");
  EXPECT_EQ(bodies.take(1, kThere, block(1, false), "!", kMorning).body, std::string(16, 'c') + "!");
  EXPECT_EQ(bodies.take(1, kHere, block(1, false), "!", kMorning).body, std::string(16, 'a') + "!");
}

TEST(BlockBodies, a_block_that_comes_again_changes_nothing) {
  BlockBodies bodies;
  bodies.take(1, kHere, block(0, true), std::string(16, 'a'), kMorning);
  bodies.take(1, kHere, block(1, true), std::string(16, 'b'), kMorning);
  EXPECT_EQ(bodies.take(1, kHere, block(1, true), std::string(16, 'b'), kMorning).code, BlockBodies::kContinue);
  EXPECT_EQ(bodies.take(1, kHere, block(2, false), "!", kMorning).body, std::string(16, 'a') + std::string(16, 'b') + "!");
}

struct BadBlock {
  const char* name;
  Block block;
  size_t size;
};
class BadBlocks : public testing::TestWithParam<BadBlock> {};

TEST_P(BadBlocks, are_said_to_be_incomplete) {
  BlockBodies bodies;
  bodies.take(1, kHere, block(0, true), std::string(16, 'a'), kMorning);
  EXPECT_EQ(bodies.take(1, kHere, GetParam().block, std::string(GetParam().size, 'x'), kMorning).code, BlockBodies::kIncomplete);
}
INSTANTIATE_TEST_SUITE_P(BlockBodies, BadBlocks,
                         testing::Values(BadBlock{"a_gap", block(2, true), 16}, BadBlock{"short", block(1, true), 15},
                                         BadBlock{"long", block(1, true), 17}, BadBlock{"far", block(0xfffff, false), 1},
                                         BadBlock{"of_another_size", block(1, false, 6), 3}),
                         [](const auto& one) { return std::string(one.param.name); });

TEST(BlockBodies, a_body_without_its_beginning_is_incomplete) {
  BlockBodies bodies;
  EXPECT_EQ(bodies.take(1, kHere, block(1, false), "x", kMorning).code, BlockBodies::kIncomplete);
}

TEST(BlockBodies, size_number_and_age_have_limits) {
  BlockBodies bodies;
  const std::string kilobyte(1024, 'k');
  for (uint32_t i = 0; i < 64; ++i)
    ASSERT_EQ(bodies.take(1, kHere, block(i, true, 6), kilobyte, kMorning).code, BlockBodies::kContinue);
  EXPECT_EQ(bodies.take(1, kHere, block(64, true, 6), kilobyte, kMorning).code, BlockBodies::kTooLarge);
  EXPECT_EQ(bodies.size(), 0u);
  for (uint64_t peer = 0; peer < 100; ++peer) bodies.take(peer, kHere, block(0, true), std::string(16, 'a'), kMorning);
  EXPECT_EQ(bodies.size(), BlockBodies::kMostBodies);
  bodies.take(1000, kHere, block(1, true), "", kMorning + 60s);
  EXPECT_EQ(bodies.size(), 0u);
}

}  // namespace

}  // namespace ferrule::coap

#include "host/frame_ring.h"

#include <gtest/gtest.h>

#include "tests/fakes/manual_clock.h"

namespace ferrule {
namespace {

using std::chrono::milliseconds;
using Bytes8 = std::vector<uint8_t>;

void exchange(FrameRing& ring, uint8_t number, size_t reply) {
  ring.sent(Bytes8{number, 3});
  ring.received(Bytes8(reply, number));
  ring.ended(number, Status(), milliseconds(number));
}

TEST(FrameRing, keeps_what_crossed_the_wire_with_its_outcome) {
  ManualClock clock;
  FrameRing ring(clock, 4096);
  ring.received(Bytes8{9, 9});  // late, of an earlier request
  ring.sent(Bytes8{1, 2, 3});
  ring.received(Bytes8{4});
  ring.received(Bytes8{5, 6});
  ring.ended(7, Status(Fault::bad_reply, 2, "x"), milliseconds(12));
  const auto found = ring.exchanges();
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].unasked, (Bytes8{9, 9}));
  EXPECT_EQ(found[0].sent, (Bytes8{1, 2, 3}));
  EXPECT_EQ(found[0].received, (Bytes8{4, 5, 6}));
  EXPECT_EQ(found[0].device, 7U);
  EXPECT_EQ(found[0].fault, Fault::bad_reply);
  EXPECT_EQ(found[0].detail, 2);
  EXPECT_EQ(found[0].took, milliseconds(12));
  EXPECT_EQ(found[0].at, clock.wall());
}

TEST(FrameRing, when_full_the_oldest_exchanges_go_whole_and_the_rest_is_intact) {
  ManualClock clock;
  for (size_t bytes = 2048; bytes < 2100; ++bytes) {  // the seam of the ring falls everywhere
    FrameRing ring(clock, bytes);
    for (int i = 0; i < 100; ++i) exchange(ring, static_cast<uint8_t>(i), static_cast<size_t>(20 + i));
    const auto found = ring.exchanges();
    ASSERT_GE(found.size(), 4U);
    for (size_t i = 0; i < found.size(); ++i) {
      const auto number = static_cast<uint8_t>(100 - found.size() + i);
      EXPECT_EQ(found[i].sent, (Bytes8{number, 3}));
      EXPECT_EQ(found[i].received, Bytes8(20u + number, number));
      EXPECT_TRUE(found[i].unasked.empty());
    }
  }
}

TEST(FrameRing, a_frame_larger_than_the_ring_is_cut) {
  ManualClock clock;
  FrameRing ring(clock, 2048);
  for (int i = 0; i < 10; ++i) ring.sent(Bytes8(10000, 1));
  ring.ended(0, Status(), milliseconds(1));
  EXPECT_LE(ring.exchanges().at(0).sent.size(), 2048U);
}

TEST(FrameRing, all_rings_of_a_gateway_are_bounded_together) {
  EXPECT_EQ(FrameRing::size_for(1), 64U << 10);
  EXPECT_EQ(FrameRing::size_for(500), (2U << 20) / 500);
  EXPECT_EQ(FrameRing::size_for(100'000), 2048U);
}

}  // namespace
}  // namespace ferrule

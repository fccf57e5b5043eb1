#include "coap/seen_messages.h"

#include <gtest/gtest.h>

namespace ferrule::coap {

namespace {

using namespace std::chrono_literals;

const MonoTime kStart = MonoTime() + 1000s;

TEST(SeenMessages, the_second_copy_is_known_with_its_answer) {
  SeenMessages seen(10);
  EXPECT_EQ(seen.seen(1, kStart), std::nullopt);
  EXPECT_EQ(seen.seen(1, kStart), uint8_t{0});
  seen.answered(1, 0x44);
  EXPECT_EQ(seen.seen(1, kStart + 246s), uint8_t{0x44});
  EXPECT_EQ(seen.seen(2, kStart), std::nullopt);
}

TEST(SeenMessages, after_its_lifetime_an_id_is_free_again) {
  SeenMessages seen(10);
  seen.seen(1, kStart);
  EXPECT_EQ(seen.seen(1, kStart + 247s), std::nullopt);
}

TEST(SeenMessages, the_oldest_gives_way_at_the_limit) {
  SeenMessages seen(3);
  for (const uint64_t message : {1, 2, 3, 4}) seen.seen(message, kStart);
  EXPECT_EQ(seen.size(), 3u);
  EXPECT_EQ(seen.seen(4, kStart), uint8_t{0});
  EXPECT_EQ(seen.seen(1, kStart), std::nullopt);
}

TEST(SeenMessages, what_had_no_effect_may_come_again) {
  SeenMessages seen(3);
  seen.seen(1, kStart);
  seen.forget(1);
  EXPECT_EQ(seen.seen(1, kStart), std::nullopt);
}

TEST(SeenMessages, what_came_again_is_remembered_for_the_whole_lifetime) {
  SeenMessages seen(3);
  seen.seen(1, kStart);
  seen.forget(1);
  EXPECT_EQ(seen.seen(1, kStart + 200s), std::nullopt);
  EXPECT_EQ(seen.seen(1, kStart + 300s), uint8_t{0});
  EXPECT_EQ(seen.seen(1, kStart + 447s), std::nullopt);
}

TEST(SeenMessages, what_is_forgotten_takes_no_place) {
  SeenMessages seen(3);
  for (const uint64_t message : {1, 2, 3, 4}) {
    seen.seen(message, kStart);
    if (message < 3) seen.forget(message);
  }
  seen.seen(1, kStart);
  EXPECT_EQ(seen.seen(3, kStart), uint8_t{0});
}

}  // namespace

}  // namespace ferrule::coap

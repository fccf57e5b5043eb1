#include "coap/observation.h"

#include <gtest/gtest.h>

namespace ferrule::coap {

namespace {

using namespace std::chrono_literals;

constexpr MonoTime kStart{std::chrono::hours(5)};

TEST(Observation, takes_a_newer_notification_and_drops_an_older_or_a_repeated_one) {
  Observation observation;
  observation.registered(10, 60, kStart);
  EXPECT_TRUE(observation.notified(12, 60, kStart + 1s));
  EXPECT_FALSE(observation.notified(11, 60, kStart + 2s));
  EXPECT_FALSE(observation.notified(12, 60, kStart + 2s));
  EXPECT_TRUE(observation.notified(13, 60, kStart + 3s));
}

TEST(Observation, numbers_wrap_at_24_bits) {
  Observation observation;
  observation.registered(0xfffffe, 60, kStart);
  EXPECT_TRUE(observation.notified(3, 60, kStart + 1s));
  EXPECT_FALSE(observation.notified(0xffffff, 60, kStart + 2s));
}

TEST(Observation, after_128_seconds_whatever_comes_is_newer) {
  Observation observation;
  observation.registered(1000, 600, kStart);
  EXPECT_FALSE(observation.notified(5, 600, kStart + 128s));
  EXPECT_TRUE(observation.notified(5, 600, kStart + 129s));
}

TEST(Observation, the_answer_to_our_own_request_begins_the_count_anew) {
  Observation observation;
  observation.registered(1000, 60, kStart);
  observation.registered(2, 60, kStart + 1s);
  EXPECT_TRUE(observation.notified(3, 60, kStart + 2s));
}

TEST(Observation, is_current_until_max_age_has_passed) {
  Observation observation;
  EXPECT_FALSE(observation.current(kStart));
  observation.registered(1, 30, kStart);
  EXPECT_TRUE(observation.current(kStart + 34s));
  EXPECT_FALSE(observation.current(kStart + 35s));
  EXPECT_TRUE(observation.notified(2, 30, kStart + 40s));
  EXPECT_TRUE(observation.current(kStart + 60s));
}

TEST(Observation, a_device_that_does_not_let_itself_be_observed_is_never_current) {
  Observation observation;
  observation.registered(std::nullopt, 60, kStart);
  EXPECT_FALSE(observation.current(kStart));
}

}  // namespace

}  // namespace ferrule::coap

#include "host/device_watch.h"

#include <gtest/gtest.h>

#include "host/back_off.h"
#include "host/busy_share.h"

namespace ferrule {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

const MonoTime kStart{std::chrono::hours(1)};

void kill(DeviceWatch& watch, size_t device, MonoTime now) {
  for (uint32_t i = 0; i < DeviceWatch::kPollsToOffline; ++i) (void)watch.poll_timed_out(device, now);
}

TEST(DeviceWatch, three_polls_in_a_row_without_an_answer_make_a_device_offline) {
  DeviceWatch watch(1);
  EXPECT_FALSE(watch.poll_timed_out(0, kStart));
  EXPECT_FALSE(watch.poll_timed_out(0, kStart));
  EXPECT_EQ(watch.answered(0, kStart), DeviceWatch::Change::first_answer);
  EXPECT_FALSE(watch.poll_timed_out(0, kStart));
  EXPECT_FALSE(watch.poll_timed_out(0, kStart));
  EXPECT_TRUE(watch.poll_timed_out(0, kStart));
  EXPECT_FALSE(watch.poll_timed_out(0, kStart));  // said once
  EXPECT_TRUE(watch.offline(0));
  EXPECT_EQ(watch.answered(0, kStart), DeviceWatch::Change::back);
  EXPECT_EQ(watch.answered(0, kStart), DeviceWatch::Change::none);
}

TEST(DeviceWatch, the_pauses_between_probes_grow_from_one_to_thirty_seconds) {
  DeviceWatch watch(1);
  EXPECT_EQ(watch.next_probe(), MonoTime::max());
  kill(watch, 0, kStart);
  MonoTime now = kStart;
  for (const int expected : {1, 2, 4, 8, 16, 30, 30}) {
    EXPECT_EQ(watch.next_probe() - now, seconds(expected));
    EXPECT_FALSE(watch.probe_due(watch.next_probe() - Duration(1)));
    now = watch.next_probe();
    ASSERT_EQ(watch.probe_due(now), 0U);
    watch.probe_failed(0, now, seconds(5));
  }
}

TEST(DeviceWatch, probes_wait_for_their_share_of_a_line_that_others_use) {
  DeviceWatch watch(3);
  kill(watch, 0, kStart);
  kill(watch, 1, kStart);
  const MonoTime now = kStart + seconds(1);
  watch.probe_failed(0, now, seconds(1));
  EXPECT_EQ(watch.next_probe(), now + seconds(19));
  EXPECT_EQ(watch.probe_due(now + seconds(19)), 1U);  // the one that has waited longest
}

TEST(DeviceWatch, an_answer_has_the_other_dead_devices_tried_at_once_and_once) {
  DeviceWatch watch(4);
  for (size_t device = 0; device < 3; ++device) kill(watch, device, kStart);
  MonoTime now = kStart + seconds(1);
  watch.probe_failed(0, now, seconds(10));
  EXPECT_EQ(watch.answered(1, now), DeviceWatch::Change::back);
  ASSERT_EQ(watch.probe_due(now), 0U);
  watch.probe_failed(0, now, seconds(1));
  ASSERT_EQ(watch.probe_due(now), 2U);
  watch.probe_failed(2, now, seconds(1));
  EXPECT_FALSE(watch.probe_due(now + seconds(18)));
}

TEST(DeviceWatch, after_a_lost_link_the_offline_stay_offline_and_the_others_are_unknown) {
  DeviceWatch watch(2);
  (void)watch.answered(1, kStart);
  kill(watch, 0, kStart);
  watch.link_lost();
  EXPECT_FALSE(watch.online(1));
  EXPECT_TRUE(watch.offline(0));
  watch.link_back(kStart);
  EXPECT_EQ(watch.probe_due(kStart), 0U);
  EXPECT_EQ(watch.answered(1, kStart), DeviceWatch::Change::first_answer);
}

TEST(BackOff, grows_with_jitter_between_its_limits) {
  for (uint32_t seed = 1; seed < 200; ++seed) {
    BackOff back_off(milliseconds(500), seconds(8), seed);
    double expected = 0.5;
    for (int i = 0; i < 12; ++i) {
      const double pause = std::chrono::duration<double>(back_off.pause()).count();
      EXPECT_GE(pause, std::max(0.5, 0.75 * expected));
      EXPECT_LE(pause, std::min(8.0, 1.25 * expected));
      expected = std::min(8.0, expected * 2);
    }
    back_off.reset();
    EXPECT_LE(back_off.pause(), milliseconds(625));
  }
}

TEST(BusyShare, is_of_the_last_minute) {
  BusyShare busy;
  MonoTime now = kStart;
  EXPECT_EQ(busy.share(now, kStart), 0);
  for (int second = 0; second < 600; ++second) {
    now += seconds(1);
    busy.add(now, milliseconds(250));
  }
  EXPECT_NEAR(busy.share(now, kStart), 0.25, 0.01);
  now += seconds(30);
  EXPECT_NEAR(busy.share(now, kStart), 0.125, 0.01);
  now += seconds(31);
  EXPECT_EQ(busy.share(now, kStart), 0);
  busy.add(now, seconds(500));
  EXPECT_EQ(busy.share(now, kStart), 1);
}

}  // namespace
}  // namespace ferrule

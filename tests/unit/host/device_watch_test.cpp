#include "host/device_watch.h"

#include <gtest/gtest.h>

#include "host/back_off.h"
#include "host/busy_share.h"
#include "host/overrun_watch.h"

namespace ferrule {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

const MonoTime kStart{std::chrono::hours(1)};

constexpr Duration kTook = milliseconds(20);
constexpr Duration kTimeout = seconds(1);

struct Watch : DeviceWatch {
  explicit Watch(size_t devices) : DeviceWatch(devices, {}) {}
  void kill(size_t device, MonoTime now) {
    for (uint32_t i = 0; i < SickSettings().after; ++i) (void)poll_timed_out(device, now);
  }
  // On a line that is never free.
  std::optional<size_t> due(MonoTime now) const { return probe_due(now, now, kTimeout); }
};

TEST(DeviceWatch, three_polls_in_a_row_without_an_answer_make_a_device_offline) {
  Watch watch(1);
  EXPECT_FALSE(watch.poll_timed_out(0, kStart));
  EXPECT_FALSE(watch.poll_timed_out(0, kStart));
  EXPECT_EQ(watch.answered(0, kStart, kTook), DeviceWatch::Change::first_answer);
  EXPECT_FALSE(watch.poll_timed_out(0, kStart));
  EXPECT_FALSE(watch.poll_timed_out(0, kStart));
  EXPECT_TRUE(watch.poll_timed_out(0, kStart));
  EXPECT_FALSE(watch.poll_timed_out(0, kStart));  // said once
  EXPECT_TRUE(watch.offline(0));
  EXPECT_EQ(watch.answered(0, kStart, kTook), DeviceWatch::Change::back);
  EXPECT_EQ(watch.answered(0, kStart, kTook), DeviceWatch::Change::none);
}

TEST(DeviceWatch, how_many_polls_is_a_setting) {
  DeviceWatch watch(1, {.after = 1, .probe_share = 0.05});
  EXPECT_TRUE(watch.poll_timed_out(0, kStart));
}

TEST(DeviceWatch, the_pauses_between_probes_grow_from_one_to_five_seconds) {
  Watch watch(1);
  EXPECT_EQ(watch.next_probe(kStart), MonoTime::max());
  watch.kill(0, kStart);
  MonoTime now = kStart;
  for (const int expected : {1, 2, 4, 5, 5}) {
    const MonoTime next = watch.next_probe(now);
    EXPECT_EQ(next - now, seconds(expected));
    EXPECT_FALSE(watch.due(next - Duration(1)));
    now = next;
    ASSERT_EQ(watch.due(now), 0U);
    watch.probe_failed(0, now, seconds(5));
  }
}

TEST(DeviceWatch, probes_wait_for_their_share_of_a_line_that_others_use) {
  Watch watch(3);
  watch.kill(0, kStart);
  watch.kill(1, kStart);
  const MonoTime now = kStart + seconds(1);
  watch.probe_failed(0, now, seconds(1));
  EXPECT_EQ(watch.next_probe(now), now + seconds(2));  // the device's own; it might fit into idle time then
  EXPECT_FALSE(watch.due(now + seconds(18)));
  EXPECT_EQ(watch.next_probe(now + seconds(2)), now + seconds(19));
  EXPECT_EQ(watch.due(now + seconds(19)), 1U);  // the one that has waited longest
}

TEST(DeviceWatch, a_probe_that_fits_into_time_that_nobody_wants_does_not_wait_for_the_share) {
  Watch watch(2);
  watch.kill(0, kStart);
  MonoTime now = kStart + seconds(1);
  watch.probe_failed(0, now, seconds(1));
  now += seconds(2);
  EXPECT_FALSE(watch.probe_due(now, now + milliseconds(999), kTimeout));
  EXPECT_EQ(watch.probe_due(now, now + seconds(1), kTimeout), 0U);
}

TEST(DeviceWatch, a_probe_is_as_patient_as_the_device_has_been_slow_and_now_and_then_as_its_timeout) {
  Watch watch(1);
  EXPECT_EQ(watch.probe_wait(0, kTimeout), kTimeout);  // it has never answered
  (void)watch.answered(0, kStart, milliseconds(60));
  watch.kill(0, kStart);
  std::vector<Duration> waits;
  for (int i = 0; i < 5; ++i) {
    waits.push_back(watch.probe_wait(0, kTimeout));
    watch.probe_failed(0, kStart, waits.back());
  }
  const Duration brief = milliseconds(240);
  EXPECT_EQ(waits, (std::vector<Duration>{brief, brief, brief, kTimeout, brief}));
  EXPECT_EQ(watch.probe_wait(0, milliseconds(50)), milliseconds(50));
}

TEST(DeviceWatch, an_answer_has_the_other_dead_devices_tried_at_once_and_once_in_half_of_the_time) {
  Watch watch(4);
  for (size_t device = 0; device < 3; ++device) watch.kill(device, kStart);
  MonoTime now = kStart + seconds(1);
  EXPECT_EQ(watch.answered(1, now, kTook), DeviceWatch::Change::back);
  ASSERT_EQ(watch.due(now), 0U);
  watch.probe_failed(0, now, seconds(1));
  EXPECT_FALSE(watch.due(now + milliseconds(999)));
  now += seconds(1);
  ASSERT_EQ(watch.due(now), 2U);
  watch.probe_failed(2, now, seconds(1));
  EXPECT_FALSE(watch.due(now + seconds(18)));
}

TEST(DeviceWatch, what_the_next_answer_is_late_after_a_probe_is_the_probes) {
  Watch watch(3);
  for (const size_t device : {0, 1, 1}) (void)watch.answered(device, kStart, kTook);
  watch.kill(0, kStart);
  MonoTime now = kStart + seconds(1);
  watch.probe_failed(0, now, milliseconds(100));
  now += milliseconds(920);
  (void)watch.answered(1, now, milliseconds(920));  // 900 ms more than usually
  EXPECT_FALSE(watch.due(now + seconds(19)));
  EXPECT_EQ(watch.due(now + seconds(20)), 0U);
  EXPECT_FALSE(watch.probe_due(now + seconds(5), now + seconds(5) + milliseconds(999), kTimeout)) << "it needs a whole second";
  EXPECT_TRUE(watch.probe_due(now + seconds(5), now + seconds(6), kTimeout));
  watch.kill(1, now);
  EXPECT_EQ(watch.probe_wait(1, kTimeout), milliseconds(100)) << "the delay was not its own";
}

TEST(DeviceWatch, a_probe_after_which_the_line_stays_busy_costs_that_time_too) {
  Watch watch(2);
  (void)watch.answered(0, kStart, kTook);
  watch.kill(0, kStart);
  const MonoTime now = kStart + seconds(1);
  watch.probe_failed(0, now, milliseconds(100), milliseconds(900));
  EXPECT_FALSE(watch.due(now + seconds(19)));
  EXPECT_EQ(watch.due(now + seconds(21)), 0U);
}

TEST(DeviceWatch, a_probe_that_was_put_off_is_due_then) {
  Watch watch(1);
  watch.kill(0, kStart);
  watch.put_off(0, kStart + seconds(3));
  EXPECT_FALSE(watch.due(kStart + seconds(2)));
  EXPECT_EQ(watch.next_probe(kStart), kStart + seconds(3));
  EXPECT_EQ(watch.due(kStart + seconds(3)), 0U);
}

TEST(DeviceWatch, after_a_lost_link_the_offline_stay_offline_and_the_others_are_unknown) {
  Watch watch(2);
  (void)watch.answered(1, kStart, kTook);
  watch.kill(0, kStart);
  watch.link_lost();
  EXPECT_FALSE(watch.online(1));
  EXPECT_TRUE(watch.offline(0));
  watch.link_back(kStart);
  EXPECT_EQ(watch.due(kStart), 0U);
  EXPECT_EQ(watch.answered(1, kStart, kTook), DeviceWatch::Change::first_answer);
}

TEST(OverrunWatch, says_once_that_a_line_is_too_slow_and_once_that_it_is_not) {
  OverrunWatch watch;
  MonoTime now = kStart;
  uint64_t overruns = 0;
  std::string said;
  const auto minute = [&](uint64_t each_second) {
    for (int second = 0; second < 60; ++second) {
      now += seconds(1);
      overruns += each_second;
      const auto news = watch.note(overruns, now);
      if (news != OverrunWatch::News::none) said += news == OverrunWatch::News::too_slow ? "slow " : "well ";
    }
  };
  minute(0);
  overruns += 50;  // a stall
  minute(0);
  EXPECT_EQ(said, "");
  minute(3), minute(1);
  EXPECT_EQ(said, "slow ");
  minute(0), minute(0);
  EXPECT_EQ(said, "slow well ");
}

TEST(OverrunWatch, what_is_missed_without_a_link_is_not_the_lines_fault) {
  OverrunWatch watch;
  MonoTime now = kStart;
  for (uint64_t overruns = 0; overruns < 600; ++overruns) {
    now += seconds(1);
    watch.no_link(overruns, now);
    EXPECT_EQ(watch.note(overruns, now), OverrunWatch::News::none);
  }
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

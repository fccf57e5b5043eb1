#include "host/poll_scheduler.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>

namespace ferrule {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

const MonoTime kStart{std::chrono::hours(5)};
MonoTime at(int64_t ms) { return kStart + milliseconds(ms); }

// Runs a channel whose exchanges take `exchange` until `end` and notes what happened: "A0" is request 0 of group A.
struct Channel {
  PollScheduler scheduler;
  MonoTime now = kStart;
  std::string log;
  std::map<size_t, uint64_t> polls;
  std::map<size_t, Duration> latest_begin;  // worst lateness of a first request

  void run(MonoTime end, Duration exchange) {
    while (now < end) {
      const auto turn = scheduler.next(now);
      if (!turn) {
        ASSERT_GT(scheduler.wake_at(), now);
        now = std::min(end, scheduler.wake_at());
        continue;
      }
      log += static_cast<char>('A' + turn->poll) + std::to_string(turn->request) + " ";
      if (turn->first) {
        ++polls[turn->poll];
        latest_begin[turn->poll] = std::max(latest_begin[turn->poll], now - turn->due);
      }
      now += exchange;
      if (turn->last) scheduler.end(turn->poll, now);
    }
  }
};

TEST(PollScheduler, a_period_does_not_drift_over_a_million_polls) {
  PollScheduler scheduler;
  const Duration period = milliseconds(100);
  scheduler.add(period, 1, at(7));
  MonoTime now = kStart;
  uint32_t random = 1;
  for (int64_t k = 0; k < 1'000'000; ++k) {
    ASSERT_FALSE(scheduler.next(scheduler.wake_at() - Duration(1)));
    random = random * 1664525 + 1013904223;
    now = scheduler.wake_at() + milliseconds(random % 99);  // the exchange before, or the system, made it late
    const auto turn = scheduler.next(now);
    ASSERT_TRUE(turn);
    ASSERT_EQ(turn->due, at(7) + k * period);
    scheduler.end(0, now);
  }
  EXPECT_EQ(scheduler.overruns(), 0U);
  EXPECT_EQ(scheduler.polls(), 1'000'000U);
}

TEST(PollScheduler, hands_out_the_requests_of_a_poll_one_by_one) {
  PollScheduler scheduler;
  scheduler.add(seconds(1), 3, at(0));
  for (size_t request = 0; request < 3; ++request) {
    const auto turn = scheduler.next(at(10));
    ASSERT_TRUE(turn);
    EXPECT_EQ(turn->request, request);
    EXPECT_EQ(turn->first, request == 0);
    EXPECT_EQ(turn->last, request == 2);
    EXPECT_EQ(turn->due, at(0));
  }
  EXPECT_FALSE(scheduler.next(at(10)));
  scheduler.end(0, at(20));
  EXPECT_EQ(scheduler.wake_at(), at(1000));
}

struct GroupSpec {
  int period_ms, requests, first_ms;
};

TEST(PollScheduler, the_earliest_deadline_goes_first_request_by_request) {
  struct Case {
    std::string name;
    std::vector<GroupSpec> groups;
    int exchange_ms, end_ms;
    std::string expected;
    uint64_t overruns;
  };
  const Case cases[] = {
      {"equal deadlines: in order of adding", {{100, 1, 0}, {100, 1, 0}}, 10, 100, "A0 B0 ", 0},
      {"a shorter period goes first", {{1000, 1, 0}, {100, 1, 0}}, 10, 100, "B0 A0 ", 0},
      {"a fast group gets between the requests of a slow one",
       {{1000, 6, 0}, {100, 1, 0}},
       40,
       320,
       "B0 A0 A1 B0 A2 B0 A3 A4 ",
       0},
      {"an old slow poll goes before a young fast one", {{300, 1, 0}, {250, 1, 100}}, 150, 300, "A0 B0 ", 0},
      {"a poll that takes longer than its period skips", {{100, 1, 0}}, 130, 600, "A0 A0 A0 ", 3},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    Channel channel;
    for (const GroupSpec& group : c.groups) {
      channel.scheduler.add(milliseconds(group.period_ms), static_cast<size_t>(group.requests), at(group.first_ms));
    }
    channel.run(at(c.end_ms), milliseconds(c.exchange_ms));
    EXPECT_EQ(channel.log, c.expected);
    EXPECT_EQ(channel.scheduler.overruns(), c.overruns);
  }
}

TEST(PollScheduler, a_group_that_was_begun_late_keeps_its_due_times) {
  PollScheduler scheduler;
  scheduler.add(milliseconds(100), 1, at(0));
  EXPECT_EQ(scheduler.next(at(250))->due, at(200));
  EXPECT_EQ(scheduler.overruns(), 2U);
  scheduler.end(0, at(260));
  EXPECT_EQ(scheduler.wake_at(), at(300));
}

TEST(PollScheduler, a_poll_that_has_not_ended_when_it_is_due_again_is_an_overrun) {
  PollScheduler scheduler;
  scheduler.add(milliseconds(100), 1, at(0));
  ASSERT_TRUE(scheduler.next(at(0)));
  EXPECT_FALSE(scheduler.next(at(130)));
  scheduler.end(0, at(130));
  EXPECT_EQ(scheduler.overruns(), 1U);
  EXPECT_EQ(scheduler.wake_at(), at(200));
}

TEST(PollScheduler, no_group_starves_on_a_line_that_is_too_slow_for_all) {
  Channel channel;
  channel.scheduler.add(milliseconds(100), 1, at(0));
  channel.scheduler.add(milliseconds(100), 2, at(0));
  channel.scheduler.add(milliseconds(1000), 1, at(0));
  channel.scheduler.add(milliseconds(5000), 10, at(0));
  channel.run(kStart + minutes(10), milliseconds(100));
  EXPECT_GT(channel.polls[2], 200U);
  EXPECT_GT(channel.polls[3], 30U);
  EXPECT_GT(channel.scheduler.overruns(), 1000U);
}

TEST(PollScheduler, after_a_suspension_of_ten_minutes_there_is_one_poll_per_group) {
  Channel channel;
  for (int group = 0; group < 8; ++group) channel.scheduler.add(milliseconds(500), 2, at(group * 60));
  channel.run(at(2000), milliseconds(5));
  channel.polls.clear();
  channel.now += minutes(10);
  channel.run(channel.now + milliseconds(100), milliseconds(5));
  for (size_t group = 0; group < 8; ++group) EXPECT_LE(channel.polls[group], 1U + (group < 2 ? 1U : 0U)) << group;
  const auto overruns = channel.scheduler.overruns();
  EXPECT_GE(overruns, 8U * 1199);
  channel.run(channel.now + seconds(10), milliseconds(5));
  EXPECT_EQ(channel.scheduler.overruns(), overruns);
}

TEST(PollScheduler, a_suspension_in_the_middle_of_a_poll_gives_no_burst_either) {
  PollScheduler scheduler;
  scheduler.add(seconds(1), 2, at(0));
  ASSERT_TRUE(scheduler.next(at(0)));
  const MonoTime later = kStart + minutes(10);
  EXPECT_TRUE(scheduler.next(later)->last);
  scheduler.end(0, later);
  EXPECT_FALSE(scheduler.next(later));
  EXPECT_EQ(scheduler.wake_at(), later + seconds(1));
}

TEST(PollScheduler, an_abandoned_poll_is_over_and_the_next_one_is_in_time) {
  PollScheduler scheduler;
  const size_t group = scheduler.add(seconds(1), 5, at(0));
  ASSERT_TRUE(scheduler.next(at(0)));
  scheduler.end(group, at(200));
  scheduler.end(group, at(5000));  // ended already
  EXPECT_FALSE(scheduler.next(at(300)));
  EXPECT_EQ(scheduler.wake_at(), at(1000));
  EXPECT_TRUE(scheduler.next(at(1000))->first);
}

TEST(PollScheduler, a_hurried_group_is_polled_again_at_once_and_keeps_its_due_times) {
  PollScheduler scheduler;
  const size_t group = scheduler.add(seconds(10), 1, at(0));
  scheduler.add(milliseconds(100), 1, at(400));
  ASSERT_TRUE(scheduler.next(at(0)));
  scheduler.end(group, at(10));
  ASSERT_FALSE(scheduler.next(at(300)));
  scheduler.hurry(group, at(300));
  scheduler.hurry(group, at(300));
  const auto turn = scheduler.next(at(300));
  ASSERT_TRUE(turn);
  EXPECT_EQ(turn->poll, group);
  EXPECT_EQ(turn->due, at(0));
  scheduler.end(group, at(350));
  for (int ms = 400; ms < 10000; ms += 100) {
    const auto other = scheduler.next(at(ms));
    ASSERT_TRUE(other);
    EXPECT_EQ(other->poll, 1U);
    scheduler.end(1, at(ms));
  }
  EXPECT_EQ(scheduler.overruns(), 0U);
  EXPECT_EQ(scheduler.next(at(10000))->due, at(10000));
}

TEST(PollScheduler, hurrying_does_not_disturb_a_poll_that_is_under_way_due_or_far_away) {
  PollScheduler scheduler;
  scheduler.add(seconds(1), 2, at(0));
  scheduler.add(seconds(1), 1, at(5000));
  ASSERT_TRUE(scheduler.next(at(0)));
  scheduler.hurry(0, at(0));
  scheduler.hurry(1, at(0));
  EXPECT_TRUE(scheduler.next(at(1))->last);
  scheduler.end(0, at(2));
  EXPECT_FALSE(scheduler.next(at(2)));
  scheduler.hurry(0, at(1000));
  EXPECT_EQ(scheduler.next(at(1000))->due, at(1000));
}

TEST(PollScheduler, a_write_between_two_polls_is_no_overrun) {
  PollScheduler scheduler;
  scheduler.add(milliseconds(100), 1, at(0));
  ASSERT_TRUE(scheduler.next(at(0)));
  scheduler.end(0, at(60));
  EXPECT_EQ(scheduler.next(at(120))->due, at(100));  // the line was not free before
  EXPECT_EQ(scheduler.overruns(), 0U);
}

TEST(PollScheduler, the_groups_of_a_channel_are_spread_over_their_period_but_over_a_second_at_most) {
  EXPECT_EQ(PollScheduler::first_due(kStart, milliseconds(400), 0, 4, 0), at(0));
  EXPECT_EQ(PollScheduler::first_due(kStart, milliseconds(400), 3, 4, 0), at(300));
  EXPECT_EQ(PollScheduler::first_due(kStart, milliseconds(400), 3, 4, 0.5), at(360));  // the next of the moments
  EXPECT_EQ(PollScheduler::first_due(kStart, minutes(1), 2, 4, 0), at(500));
}

TEST(PollScheduler, channels_of_a_gateway_begin_at_few_moments_so_that_they_wake_together) {
  std::set<MonoTime> moments;
  for (int channel = 0; channel < 1000; ++channel) {
    const MonoTime due =
        PollScheduler::first_due(kStart + std::chrono::microseconds(channel), seconds(1), 0, 1, channel / 1000.0);
    EXPECT_GE(due, kStart);
    EXPECT_LE(due, kStart + milliseconds(1101));
    moments.insert(due);
  }
  EXPECT_LE(moments.size(), static_cast<size_t>(PollScheduler::kSlots) + 2);
}

TEST(PollScheduler, without_groups_it_never_wakes) {
  PollScheduler scheduler;
  EXPECT_FALSE(scheduler.next(kStart));
  EXPECT_EQ(scheduler.wake_at(), MonoTime::max());
}

TEST(PollScheduler, equal_periods_get_nearly_equal_rates_on_a_line_that_is_too_slow) {
  Channel channel;
  for (int group = 0; group < 8; ++group) channel.scheduler.add(milliseconds(100), group == 0 ? 4 : 1, at(group));
  channel.run(kStart + minutes(10), milliseconds(20));
  const uint64_t least = std::ranges::min_element(channel.polls, {}, [](const auto& one) { return one.second; })->second;
  const uint64_t most = std::ranges::max_element(channel.polls, {}, [](const auto& one) { return one.second; })->second;
  EXPECT_GT(least, 1000U);
  EXPECT_LE(most - least, most / 20);
}

TEST(PollScheduler, groups_that_are_due_together_are_polled_jointly_and_apart_otherwise) {
  Channel channel;  // A and B of one device, C is their joint poll
  channel.scheduler.add(milliseconds(100), 1, at(0));
  channel.scheduler.add(milliseconds(300), 1, at(0));
  channel.scheduler.add_joint({0, 1}, 1);
  channel.run(at(700), milliseconds(10));
  EXPECT_EQ(channel.log, "C0 A0 A0 C0 A0 A0 C0 ");
  EXPECT_EQ(channel.scheduler.overruns(), 0U);
  EXPECT_EQ(channel.scheduler.polls(), 3U * 2 + 4);
}

TEST(PollScheduler, a_joint_poll_waits_for_nobody) {
  PollScheduler scheduler;
  scheduler.add(milliseconds(100), 2, at(0));
  scheduler.add(milliseconds(300), 1, at(50));
  scheduler.add_joint({0, 1}, 2);
  EXPECT_EQ(scheduler.next(at(0))->poll, 0U);
  EXPECT_EQ(scheduler.next(at(60))->poll, 0U);  // the fast one is under way
  EXPECT_EQ(scheduler.next(at(60))->poll, 1U);
}

TEST(PollScheduler, what_the_joint_poll_missed_counts_for_each_member) {
  PollScheduler scheduler;
  scheduler.add(milliseconds(100), 1, at(0));
  scheduler.add(milliseconds(200), 1, at(0));
  const size_t joint = scheduler.add_joint({0, 1}, 1);
  ASSERT_EQ(scheduler.next(at(0))->poll, joint);
  EXPECT_FALSE(scheduler.next(at(100)));
  scheduler.end(joint, at(450));
  EXPECT_EQ(scheduler.overruns(), 4U + 2U);
  EXPECT_EQ(scheduler.wake_at(), at(500));
}

TEST(PollScheduler, a_postponed_request_lets_others_go_ahead_and_comes_again) {
  PollScheduler scheduler;
  scheduler.add(milliseconds(100), 2, at(0));
  scheduler.add(milliseconds(1000), 1, at(0));
  const auto turn = scheduler.next(at(0));
  ASSERT_EQ(turn->poll, 0U);
  scheduler.postpone(*turn, at(30));
  EXPECT_EQ(scheduler.next(at(0))->poll, 1U);
  scheduler.end(1, at(10));
  EXPECT_FALSE(scheduler.next(at(10)));
  EXPECT_EQ(scheduler.wake_at(), at(30));
  const auto again = scheduler.next(at(30));
  EXPECT_EQ(again->request, 0U);
  EXPECT_TRUE(again->first);
  EXPECT_EQ(scheduler.next(at(30))->request, 1U);
}

TEST(PollScheduler, a_poll_may_begin_with_another_of_its_requests) {
  PollScheduler scheduler;
  scheduler.add(milliseconds(100), 3, at(0));
  scheduler.begin_with(0, 2);
  EXPECT_EQ(scheduler.next(at(0))->request, 2U);
  EXPECT_EQ(scheduler.next(at(0))->request, 0U);
  const auto last = scheduler.next(at(0));
  EXPECT_EQ(last->request, 1U);
  EXPECT_TRUE(last->last);
}

}  // namespace
}  // namespace ferrule

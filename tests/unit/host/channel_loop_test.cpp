// The channel's loop on a clock of its own: hours of a line in milliseconds. Polls, and devices that do not answer.
#include "tests/unit/host/channel_in_service.h"

namespace ferrule {
namespace {

// ---- polls

TEST_F(Channel, a_period_is_exact_whatever_the_exchanges_take) {
  open({make_device(names, "a", 1, milliseconds(100))});
  uint32_t random = 7;
  std::vector<MonoTime> begun;
  line.on_read = [&](const Request& request, SampleSink& sink, Deadline) {
    begun.push_back(clock.now());
    random = random * 1664525 + 1013904223;
    line.spend(milliseconds(1 + random % 90));
    sink.good(request.tags[0], int64_t{1});
    return Exchange{};
  };
  run(hours(1));
  ASSERT_GE(begun.size(), 35999U);
  for (size_t k = 1; k < begun.size(); ++k) ASSERT_EQ(begun[k] - begun[0], k * milliseconds(100));
  EXPECT_EQ(report().overruns, 0U);
}

TEST_F(Channel, what_a_device_tells_by_itself_is_polled_at_once) {
  const DeviceSettings a = make_device(names, "a", 1, hours(1));
  open({a});
  run(hours(1));  // the first poll is somewhere in it
  output.polls.clear();
  const MonoTime told = clock.now() + milliseconds(1700);
  bool new_to_us = true;
  line.on_attend = [&](MonoTime now) {
    Attention attention{.again = now + milliseconds(50), .news = {}};
    if (now >= told && std::exchange(new_to_us, false)) attention.news = {a.tags[0].id};
    return attention;
  };
  run(seconds(2));
  ASSERT_GE(output.polls.size(), 1U);
  const Duration after = output.polls.back().samples.at(0).read_at - told;
  EXPECT_GE(after, milliseconds(0));
  EXPECT_LE(after, milliseconds(60));
}

TEST_F(Channel, tags_of_one_device_with_different_periods_are_groups_of_their_own) {
  DeviceSettings a = make_device(names, "a", 5, seconds(1));
  a.tags[1].every = milliseconds(250);
  a.tags[3].every = milliseconds(250);
  open({a});
  run(seconds(11));
  std::map<size_t, int> by_size;
  for (const Poll& poll : output.polls) ++by_size[poll.samples.size()];
  EXPECT_NEAR(by_size[2], 44, 1);
  EXPECT_NEAR(by_size[3], 11, 1);
  EXPECT_EQ(by_size.size(), 2U);
  EXPECT_EQ(report().plan, (std::vector<std::string>{"a every 250ms: a#0", "a every 1s: a#0", "a every 1s: a#1"}));
}

TEST_F(Channel, samples_are_stamped_when_their_response_came) {
  open({make_device(names, "a", 4, seconds(1))});
  line.exchange = milliseconds(30);
  run(seconds(2));
  const Samples& samples = output.polls.at(0).samples;
  ASSERT_EQ(samples.size(), 4U);
  EXPECT_EQ(samples[0].read_at, samples[1].read_at);
  EXPECT_EQ(samples[2].read_at - samples[0].read_at, milliseconds(30));
}

TEST_F(Channel, every_tag_is_answered_once_in_each_kind_of_failure) {
  struct Case {
    std::string name;
    Status status;  // of the second request of three
    bool answers;   // its first tag all the same
    Reason second, third;
    uint16_t detail;
  };
  const Case cases[] = {
      {"timeout: the rest is not asked", Status(Fault::timeout, "x"), false, Reason::timeout, Reason::timeout, 0},
      {"timeout after half of the answer", Status(Fault::timeout, "x"), true, Reason::timeout, Reason::timeout, 0},
      {"a reply that cannot be one", Status(Fault::bad_reply, "x"), false, Reason::bad_reply, Reason::none, 0},
      {"refused", Status(Fault::refused, 2, "x"), false, Reason::device_refused, Reason::none, 2},
      {"a tag left out of a good answer", Status(), true, Reason::bad_reply, Reason::none, 0},
  };
  const DeviceSettings a = make_device(names, "a", 6, seconds(1));
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    output.polls.clear();
    open({a});
    line.on_read = [&](const Request& request, SampleSink& sink, Deadline) -> Exchange {
      line.spend(milliseconds(10));
      const bool second = request.text == "a#1";
      if (!second || c.answers) sink.good(request.tags[0], int64_t{1});
      if (second && c.answers) line.spend(milliseconds(5));  // what is missing is stamped at the end of the exchange
      if (!second) sink.good(request.tags[1], int64_t{1});
      return {second ? c.status : Status(), 8, 0, {}};
    };
    run(milliseconds(1001));
    ASSERT_EQ(output.polls.size(), 1U);
    expect_complete(a, output.polls[0]);
    std::map<TagId, Sample> by_tag;
    for (const Sample& sample : output.polls[0].samples) by_tag[sample.tag] = sample;
    EXPECT_EQ(by_tag[a.tags[0].id].reason, Reason::none);
    EXPECT_EQ(by_tag[a.tags[2].id].reason, c.answers ? Reason::none : c.second);
    EXPECT_EQ(by_tag[a.tags[3].id].reason, c.second);
    EXPECT_EQ(by_tag[a.tags[3].id].detail, c.detail);
    EXPECT_EQ(by_tag[a.tags[3].id].read_at - by_tag[a.tags[0].id].read_at, milliseconds(c.answers ? 15 : 10));
    EXPECT_EQ(by_tag[a.tags[4].id].reason, c.third);
  }
}

TEST_F(Channel, answers_for_foreign_tags_and_second_answers_are_ignored) {
  const DeviceSettings a = make_device(names, "a", 4, seconds(1));
  open({a, make_device(names, "b", 2, seconds(1))});
  line.on_read = [&](const Request& request, SampleSink& sink, Deadline) -> Exchange {
    if (request.text != "a#0") sink.good(a.tags[0].id, int64_t{99});  // of another request, before and after
    if (request.text == "a#0") sink.good(a.tags[3].id, int64_t{99});
    for (int twice = 0; twice < 2; ++twice) {
      for (auto tag = request.tags.rbegin(); tag != request.tags.rend(); ++tag) sink.good(*tag, int64_t{twice});
    }
    sink.good(*names.find_tag("b.t0"), int64_t{99});
    sink.bad(a.tags[0].id, Reason::timeout, 0);
    sink.good(TagId::none, int64_t{99});
    return {};
  };
  run(milliseconds(1001));
  const auto polls = polls_of("a");
  ASSERT_EQ(polls.size(), 1U);
  expect_complete(a, polls[0]);
  for (const Sample& sample : polls[0].samples) EXPECT_EQ(sample.value, Value(int64_t{0}));
}

TEST_F(Channel, a_group_that_cannot_be_planned_is_bad_and_harms_no_other) {
  const DeviceSettings a = make_device(names, "a", 2, seconds(1));
  line.unplannable = {names.device("a")};
  open({a, make_device(names, "b", 2, seconds(1))});
  run(seconds(10));
  ASSERT_GE(polls_of("a").size(), 9U);
  expect_complete(a, polls_of("a")[0]);
  EXPECT_EQ(polls_of("a")[0].samples[0].reason, Reason::not_read_yet);
  EXPECT_EQ(polls_of("b")[0].samples[0].quality, Quality::good);
  EXPECT_EQ(output.said, (std::vector<std::string>{"! a every 1s cannot be read: no such address"}));
}

TEST_F(Channel, nothing_planned_at_all_is_an_error) {
  line.unplannable = {names.device("a")};
  settings = make_channel({make_device(names, "a", 2, seconds(1))});
  context.emplace(ChannelContext{clock, names, stop});
  driver = std::move(kFakeDriver.build(settings, *context)).value();
  const auto result = plan_channel(settings, kFakeDriver, *driver, names);
  EXPECT_FALSE(result.ok());
  EXPECT_EQ(result.status().what(), "a every 1s cannot be read: no such address");
}

TEST_F(Channel, a_poll_that_the_bus_refused_comes_as_overrun_with_the_next) {
  const DeviceSettings a = make_device(names, "a", 3, seconds(1));
  open({a});
  run(seconds(2));
  const size_t before = output.polls.size();
  output.full = true;
  run(seconds(3));
  EXPECT_EQ(output.refused, 3);
  EXPECT_EQ(report().overruns, 3U);
  output.full = false;
  run(seconds(2));
  const Poll& first = output.polls.at(before);
  ASSERT_EQ(first.samples.size(), 6U);
  for (size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(first.samples[i].reason, Reason::overrun);
    EXPECT_EQ(first.samples[i].tag, a.tags[i].id);
    EXPECT_EQ(first.samples[i + 3].quality, Quality::good);
    EXPECT_LT(first.samples[i].read_at, first.samples[i + 3].read_at);
  }
  EXPECT_EQ(output.polls.at(before + 1).samples.size(), 3U);
}

// ---- devices that do not answer

TEST_F(Channel, a_dead_device_costs_one_timeout_per_poll_and_none_once_it_is_offline) {
  const DeviceSettings a = make_device(names, "a", 20, seconds(1));
  open({a});
  line.set_dead(device("a"), true);
  run(milliseconds(3600));
  EXPECT_EQ(report().timeouts, 3U);
  EXPECT_EQ(output.said.size(), 1U);
  ASSERT_EQ(output.states.size(), 1U);
  EXPECT_FALSE(output.states[0].second.online);
  EXPECT_EQ(output.states[0].second.reason, Reason::timeout);
  EXPECT_FALSE(report(0).online);
  run(minutes(10));
  EXPECT_LE(report().timeouts, 3U + 3 + 600 / 5);  // 1, 2, 4 s, then each 5 s
  EXPECT_GE(report().timeouts, 3U + 3 + 100);
  ASSERT_GE(output.polls.size(), 602U);  // its polls are bad in time
  for (const Poll& poll : output.polls) {
    expect_complete(a, poll);
    EXPECT_EQ(poll.samples[0].reason, Reason::timeout);
  }
  EXPECT_EQ(output.said.size(), 1U);
}

TEST_F(Channel, a_device_is_back_at_its_first_answer_and_polled_in_full_at_once) {
  const DeviceSettings a = make_device(names, "a", 4, minutes(1));
  open({a});
  line.set_dead(device("a"), true);
  run(minutes(5));
  line.set_dead(device("a"), false);
  const MonoTime repaired = clock.now();
  output.polls.clear();
  run(seconds(31));
  const auto good = std::ranges::find_if(output.polls, [](const Poll& poll) { return poll.samples[0].quality == Quality::good; });
  ASSERT_NE(good, output.polls.end());
  expect_complete(a, *good);
  EXPECT_LE(good->samples[0].read_at - repaired, seconds(31));
  EXPECT_TRUE(output.states.back().second.online);
  EXPECT_EQ(output.said.back(), "  a answers again");
  EXPECT_EQ(output.said.size(), 2U);
  EXPECT_TRUE(report(0).online);
  EXPECT_EQ(report(0).trouble, "");
}

TEST_F(Channel, a_device_of_which_one_request_fails_for_ever_is_found_by_a_probe_with_another) {
  open({make_device(names, "a", 4, seconds(1))});
  line.on_read = [&](const Request& request, SampleSink& sink, Deadline deadline) -> Exchange {
    if (request.text == "a#0") {
      line.spend_until(deadline);
      return {Status(Fault::timeout, "no answer"), 8, 0, {}};
    }
    for (const TagId tag : request.tags) sink.good(tag, int64_t{1});
    return {};
  };
  settings.sick.after = 1;
  loop.emplace(ChannelLoop::Parts{settings, plan, *driver, clock, stop, output, commands, heartbeat});
  loop->begin();
  run(seconds(10));
  EXPECT_GE(line.count("a#1"), 1U);
  EXPECT_EQ(output.states.at(1).second.online, true);
}

TEST_F(Channel, a_device_that_answers_now_and_then_is_not_offline) {
  open({make_device(names, "a", 4, seconds(1))});
  int request_number = 0;
  line.on_read = [&](const Request& request, SampleSink& sink, Deadline) -> Exchange {
    if (++request_number % 3 != 0) return {Status(Fault::timeout, "no answer"), 8, 0, {}};
    for (const TagId tag : request.tags) sink.good(tag, int64_t{1});
    return {};
  };
  run(minutes(1));
  for (const auto& [who, state] : output.states) EXPECT_TRUE(state.online);
  EXPECT_TRUE(output.said.empty());
}

}  // namespace
}  // namespace ferrule

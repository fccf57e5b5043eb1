// Requests that a driver changes while it runs: asked in parts, held off, planned anew; and groups that ride along.
#include "tests/unit/host/channel_in_service.h"

namespace ferrule {
namespace {

Request part(const Request& whole, size_t first, size_t count, const std::string& name) {
  Request request = whole;
  request.tags.assign(whole.tags.begin() + static_cast<std::ptrdiff_t>(first),
                      whole.tags.begin() + static_cast<std::ptrdiff_t>(first + count));
  request.text = name;
  return request;
}

class Parts : public Channel {
 protected:
  // A device of 8 tags in 2 requests; t1 is refused, which is found by halving.
  template <class... Others>
  void open_refusing(const Others&... others) {
    line.tags_per_request = 4;
    a = make_device(names, "a", 8, seconds(1));
    line.on_read = [this](const Request& request, SampleSink& sink, Deadline) -> Exchange {
      line.spend(milliseconds(10));
      Exchange exchange{Status(), 8, 16, milliseconds(10)};
      const bool has_bad = std::ranges::find(request.tags, a.tags[1].id) != request.tags.end();
      if (has_bad && request.tags.size() > 1) {
        const size_t half = request.tags.size() / 2;
        exchange.instead = {part(request, 0, half, "left"), part(request, half, request.tags.size() - half, "right")};
        return exchange;
      }
      for (const TagId tag : request.tags) has_bad ? sink.bad(tag, Reason::device_refused, 2) : sink.good(tag, int64_t{1}, 0);
      return exchange;
    };
    open({a, others...});
  }
  DeviceSettings a;
};

TEST_F(Parts, a_refused_request_is_asked_in_parts_in_the_same_poll_and_its_neighbours_are_good) {
  open_refusing();
  run(milliseconds(1001));
  ASSERT_EQ(output.polls.size(), 1U);
  expect_complete(a, output.polls[0]);
  for (const Sample& sample : output.polls[0].samples) {
    EXPECT_EQ(sample.reason, sample.tag == a.tags[1].id ? Reason::device_refused : Reason::none);
  }
  EXPECT_EQ(line.take_log(), (std::vector<std::string>{"connect", "a#0", "left", "left", "right", "right", "a#1"}));
  EXPECT_TRUE(report(0).online);
}

TEST_F(Parts, a_write_goes_between_the_parts) {
  open_refusing();
  while (line.count("left") == 0) run(milliseconds(1));
  write("w", "a.t0");
  line.take_log();
  run(milliseconds(200));
  EXPECT_EQ(line.take_log().front(), "write w");
}

TEST_F(Parts, a_part_that_times_out_ends_the_poll) {
  open_refusing();
  const auto refuse = line.on_read;
  line.on_read = [&](const Request& request, SampleSink& sink, Deadline deadline) -> Exchange {
    if (request.text != "right") return refuse(request, sink, deadline);
    line.spend_until(deadline);
    return {Status(Fault::timeout, "no answer"), 8, 0, {}};
  };
  run(milliseconds(1600));
  ASSERT_GE(output.polls.size(), 1U);
  expect_complete(a, output.polls[0]);
  EXPECT_EQ(output.polls[0].samples.back().reason, Reason::timeout);
}

TEST_F(Parts, a_part_that_must_wait_for_a_late_answer_lets_other_devices_go_ahead_but_not_the_rest_of_its_poll) {
  MonoTime free = MonoTime::min();
  line.on_free_at = [&](const Request& request, MonoTime now) { return request.text == "right" ? std::max(now, free) : now; };
  open_refusing(make_device(names, "b", 2, milliseconds(100)));
  while (line.count("left") == 0) run(milliseconds(1));
  free = clock.now() + milliseconds(1500);
  line.take_log();
  run(milliseconds(1400));
  EXPECT_EQ(line.count("b#0"), 14);
  EXPECT_EQ(line.count("a#1"), 0);
  run(milliseconds(300));
  ASSERT_EQ(polls_of("a").size(), 1U);
  expect_complete(a, polls_of("a")[0]);
  EXPECT_EQ(report(0).refused, 1U);
}

TEST_F(Parts, a_link_that_breaks_while_a_part_waits_ends_the_poll) {
  line.on_free_at = [&](const Request& request, MonoTime now) { return request.text == "left" ? now + seconds(1) : now; };
  open_refusing(make_device(names, "b", 2, milliseconds(100)));
  while (line.count("a#0") == 0) run(milliseconds(1));
  const auto refuse = line.on_read;
  line.on_read = [&](const Request&, SampleSink&, Deadline) -> Exchange { return {Status(Fault::disconnected, "reset")}; };
  run(milliseconds(200));
  ASSERT_EQ(polls_of("a").size(), 1U);
  expect_complete(a, polls_of("a")[0]);
  EXPECT_EQ(polls_of("a")[0].samples.front().reason, Reason::link_down);
  line.on_read = refuse;
  line.on_free_at = nullptr;
  run(seconds(10));
  EXPECT_GE(polls_of("a").size(), 5U);
}

// As on RTU, where a reply to the whole could pass for one to a part: neither may a silent device hide behind its parts.
TEST_F(Parts, a_dead_device_whose_request_is_asked_in_parts_goes_offline) {
  MonoTime free = MonoTime::min();
  line.on_free_at = [&](const Request& request, MonoTime now) { return request.text == "half" ? std::max(now, free) : now; };
  line.on_read = [&](const Request& request, SampleSink&, Deadline deadline) -> Exchange {
    line.spend_until(deadline);
    free = clock.now() + milliseconds(500);
    Exchange exchange{Status(request.text == "half" ? Fault::timeout : Fault::bad_reply, "no answer"), 8, 0, {}};
    if (request.text != "half") exchange.instead = {part(request, 0, 1, "half"), part(request, 1, 1, "half")};
    return exchange;
  };
  open({make_device(names, "a", 2, seconds(1))});
  run(seconds(30));
  EXPECT_FALSE(report(0).online);
}

TEST_F(Parts, a_new_plan_comes_into_force_when_no_poll_of_the_device_is_under_way) {
  const DeviceSettings a2 = make_device(names, "a", 4, seconds(1));
  bool once = true;
  line.on_read = [&](const Request& request, SampleSink& sink, Deadline) -> Exchange {
    for (const TagId tag : request.tags) sink.good(tag, int64_t{1}, 0);
    Exchange exchange{Status(), 8, 16, milliseconds(1)};
    exchange.replan = std::exchange(once, false);
    return exchange;
  };
  open({a2});
  run(seconds(2));
  EXPECT_EQ(line.take_log(), (std::vector<std::string>{"connect", "a#0", "a#1", "a/0", "a/1", "a/2", "a/3"}));
  ASSERT_EQ(output.polls.size(), 2U);
  for (const Poll& poll : output.polls) expect_complete(a2, poll);
  EXPECT_EQ(report().plan.size(), 4U);
}

TEST_F(Parts, a_request_that_must_wait_for_a_late_answer_lets_other_devices_go_ahead) {
  const MonoTime free = clock.now() + milliseconds(1300);
  line.on_free_at = [&](const Request& request, MonoTime now) { return request.text == "a#1" ? std::max(now, free) : now; };
  const DeviceSettings a3 = make_device(names, "a", 4, seconds(10));
  open({a3, make_device(names, "b", 2, milliseconds(100))});
  run(seconds(3));
  EXPECT_GE(polls_of("b").size(), 28U);
  ASSERT_EQ(polls_of("a").size(), 1U);
  expect_complete(a3, polls_of("a")[0]);
  EXPECT_GE(polls_of("a")[0].samples.back().read_at, free);
}

TEST_F(Parts, a_held_off_read_is_not_the_silence_of_the_device) {
  open({make_device(names, "a", 2, seconds(1))});
  line.on_read = [&](const Request&, SampleSink&, Deadline) -> Exchange {
    return {Status(Fault::timeout, "held off"), 0, 0, {}};
  };
  run(minutes(1));
  EXPECT_EQ(report().timeouts, 0U);
  EXPECT_TRUE(output.states.empty());
}

TEST_F(Parts, after_a_timeout_the_next_poll_begins_with_the_same_request) {
  open({make_device(names, "a", 6, seconds(1))});
  line.on_read = [&](const Request& request, SampleSink& sink, Deadline deadline) -> Exchange {
    if (request.text == "a#1" && line.count("a#1") == 1) {
      line.spend_until(deadline);
      return {Status(Fault::timeout, "no answer"), 8, 0, {}};
    }
    for (const TagId tag : request.tags) sink.good(tag, int64_t{1}, 0);
    return {Status(), 8, 16, milliseconds(1)};
  };
  run(seconds(2));
  EXPECT_EQ(line.take_log(), (std::vector<std::string>{"connect", "a#0", "a#1", "a#1", "a#2", "a#0"}));
}

TEST_F(Parts, a_request_that_alone_is_silent_leaves_most_polls_to_the_others) {
  open({make_device(names, "a", 6, seconds(1))});
  line.on_read = [&](const Request& request, SampleSink& sink, Deadline deadline) -> Exchange {
    if (request.text == "a#1") {
      line.spend_until(deadline);
      return {Status(Fault::timeout, "no answer"), 8, 0, {}};
    }
    for (const TagId tag : request.tags) sink.good(tag, int64_t{1}, 0);
    return {Status(), 8, 16, milliseconds(1)};
  };
  run(seconds(60));
  EXPECT_GE(line.count("a#0"), 25U);
  EXPECT_GE(line.count("a#2"), 25U);
  EXPECT_EQ(output.states.size(), 1U) << "the device is online and stays so";
}

TEST_F(Parts, parts_of_one_device_take_turns_with_the_polls_of_another) {
  line.on_read = [this](const Request& request, SampleSink& sink, Deadline) -> Exchange {
    line.spend(milliseconds(30));
    Exchange exchange{Status(), 8, 16, milliseconds(30)};
    if (request.text == "a#0" || request.text == "some") {  // one tag at a time, 60 exchanges
      exchange.instead = {part(request, 0, 1, "one")};
      if (request.tags.size() > 1) exchange.instead.push_back(part(request, 1, request.tags.size() - 1, "some"));
      return exchange;
    }
    for (const TagId tag : request.tags) sink.good(tag, int64_t{1}, 0);
    return exchange;
  };
  line.tags_per_request = 60;
  open({make_device(names, "a", 60, seconds(10)), make_device(names, "b", 2, milliseconds(200))});
  while (line.count("a#0") == 0) run(milliseconds(1));
  output.polls.clear();
  run(seconds(2));
  EXPECT_GE(line.count("one"), 20U);
  EXPECT_GE(polls_of("b").size(), 9U);
  EXPECT_EQ(report().overruns, 0U);
  run(seconds(7));
  ASSERT_EQ(polls_of("a").size(), 1U);
  EXPECT_EQ(polls_of("a")[0].samples.size(), 60U);
}

TEST_F(Parts, a_due_slow_group_rides_along_with_a_fast_one) {
  DeviceSettings mixed = make_device(names, "a", 2, milliseconds(100));
  mixed.tags[1].every = milliseconds(300);  // one request carries two tags
  open({mixed});
  run(seconds(3));
  EXPECT_EQ(report().plan,
            (std::vector<std::string>{"a every 100ms: a#0", "a every 300ms: a#0", "a every 300ms, with what is faster: a#0"}));
  std::map<size_t, int> by_size;
  for (const Poll& poll : output.polls) ++by_size[poll.samples.size()];
  EXPECT_EQ(by_size[2], 10);
  EXPECT_EQ(by_size[1], 20);
  EXPECT_EQ(report().requests, 30U);  // not 40
}

TEST_F(Parts, periods_that_are_no_multiples_do_not_ride_along) {
  DeviceSettings mixed = make_device(names, "a", 2, milliseconds(200));
  mixed.tags[1].every = milliseconds(300);
  open({mixed});
  EXPECT_EQ(report().plan.size(), 2U);
}

TEST_F(Parts, a_line_that_cannot_keep_its_periods_is_said_once) {
  open({make_device(names, "a", 20, milliseconds(50))});  // 10 requests of 10 ms
  run(minutes(5));
  EXPECT_EQ(output.said.size(), 1U);
  EXPECT_GT(report().overruns, 2000U);
}

}  // namespace
}  // namespace ferrule

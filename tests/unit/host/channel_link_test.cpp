// The channel's loop on a clock of its own: the link that breaks, writes, stopping and counting.
#include "tests/unit/host/channel_in_service.h"

namespace ferrule {
namespace {

// ---- the link

TEST_F(Channel, while_the_link_is_down_polls_are_bad_in_time_and_the_operator_hears_it_once) {
  const DeviceSettings a = make_device(names, "a", 3, seconds(1));
  line.set_link(false);
  open({a, make_device(names, "b", 1, seconds(2))});
  run(minutes(10));
  EXPECT_NEAR(static_cast<double>(polls_of("a").size()), 600, 1);
  EXPECT_NEAR(static_cast<double>(polls_of("b").size()), 300, 1);
  for (const Poll& poll : polls_of("a")) {
    expect_complete(a, poll);
    EXPECT_EQ(poll.samples[0].reason, Reason::link_down);
  }
  EXPECT_EQ(output.said, (std::vector<std::string>{"! nobody listens"}));
  EXPECT_EQ(report().requests, 0U);
  EXPECT_EQ(report().state, "connecting");
  EXPECT_EQ(report().trouble, "nobody listens");
  // 0.5, 1, 2, 4, then each 8 s, all give or take a quarter
  EXPECT_GE(line.count("connect"), 600U / 10);
  EXPECT_LE(line.count("connect"), 5U + 600 / 6);
}

TEST_F(Channel, when_the_link_is_back_every_group_is_polled_at_once) {
  line.set_link(false);
  open({make_device(names, "a", 3, minutes(10)), make_device(names, "b", 1, minutes(10))});
  run(minutes(1));
  line.set_link(true);
  output.polls.clear();
  run(seconds(9));
  ASSERT_EQ(output.polls.size(), 2U);
  for (const Poll& poll : output.polls) EXPECT_EQ(poll.samples[0].quality, Quality::good);
  EXPECT_EQ(output.said, (std::vector<std::string>{"! nobody listens", "  the link is back"}));
  ASSERT_EQ(output.states.size(), 2U);
  EXPECT_TRUE(output.states[0].second.online);
  EXPECT_EQ(report().state, "connected");
  EXPECT_EQ(report().trouble, "");
}

TEST_F(Channel, a_link_that_breaks_makes_its_devices_offline_and_the_rest_of_the_poll_bad) {
  const DeviceSettings a = make_device(names, "a", 6, seconds(1));
  open({a});
  run(seconds(5));
  output.polls.clear();
  output.states.clear();
  line.set_link(false);
  run(seconds(5));
  ASSERT_FALSE(output.polls.empty());
  expect_complete(a, output.polls[0]);
  EXPECT_EQ(output.polls[0].samples[0].reason, Reason::link_down);
  ASSERT_EQ(output.states.size(), 1U);
  EXPECT_EQ(output.states[0].second.reason, Reason::link_down);
  EXPECT_EQ(report().disconnects, 1U);
}

TEST_F(Channel, an_endpoint_that_closes_idle_connections_costs_no_reading) {
  open({make_device(names, "a", 4, minutes(1))});
  int since_connect = 0;
  line.on_connect = [&](Deadline) { return since_connect = 0, Status(); };
  line.on_read = [&](const Request& request, SampleSink& sink, Deadline) -> Exchange {
    if (++since_connect == 3) return {Status(Fault::disconnected, "closed"), 0, 0, {}};  // two requests, then idle for too long
    for (const TagId tag : request.tags) sink.good(tag, int64_t{1});
    return {};
  };
  run(minutes(20));
  ASSERT_GE(output.polls.size(), 19U);
  for (const Poll& poll : output.polls) {
    for (const Sample& sample : poll.samples) EXPECT_EQ(sample.quality, Quality::good);
  }
  EXPECT_TRUE(output.said.empty());
}

TEST_F(Channel, an_endpoint_that_accepts_and_closes_is_tried_ever_less_and_said_once) {
  open({make_device(names, "a", 2, seconds(1))});
  line.on_read = [&](const Request&, SampleSink&, Deadline) -> Exchange {
    return {Status(Fault::disconnected, "closed"), 0, 0, {}};
  };
  run(minutes(10));
  EXPECT_LE(line.count("a#0"), 110U);
  EXPECT_GE(line.count("a#0"), 50U);
  EXPECT_EQ(output.said, (std::vector<std::string>{"! closed"}));
}

// ---- writes

TEST_F(Channel, writes_go_ahead_of_polls_with_one_exchange_between_at_most) {
  std::vector<DeviceSettings> devices;
  for (int i = 0; i < 8; ++i) devices.push_back(make_device(names, "d" + std::to_string(i), 20, milliseconds(100)));
  open(devices);  // far more than the line can do
  run(seconds(5));
  line.take_log();
  write("1", "d0.t0");
  write("2", "d1.t0");
  write("3", "d0.t1");
  run(milliseconds(200));
  const auto log = line.take_log();
  std::vector<size_t> at;
  for (size_t i = 0; i < log.size(); ++i) {
    if (log[i].starts_with("write")) at.push_back(i);
  }
  ASSERT_EQ(at.size(), 3U);
  EXPECT_EQ(at[0], 0U);
  EXPECT_EQ(log[at[0]], "write 1");
  EXPECT_EQ(log[at[1]], "write 2");
  EXPECT_EQ(log[at[2]], "write 3");
  for (size_t i = 1; i < 3; ++i) {  // the answer and one exchange
    EXPECT_EQ(at[i] - at[i - 1], 3U);
    EXPECT_TRUE(log[at[i] - 1].starts_with("d")) << log[at[i] - 1];
  }
  for (const auto& [id, answers] : outcomes) {
    ASSERT_EQ(answers.size(), 1U);
    EXPECT_EQ(answers[0].result, CommandResult::done);
  }
  EXPECT_EQ(report(0).writes, 2U);
}

TEST_F(Channel, a_command_past_its_time_is_never_sent) {
  open({make_device(names, "a", 2, seconds(1))});
  write("late", "a.t0", seconds(0));
  run(seconds(1));
  EXPECT_EQ(line.count("write late"), 0U);
  EXPECT_EQ(outcomes["late"].at(0).result, CommandResult::expired);
}

TEST_F(Channel, a_command_for_a_tag_that_is_not_writable_here_is_never_sent) {
  DeviceSettings a = make_device(names, "a", 2, seconds(1));
  a.tags[0].writable = false;
  open({a});
  write("no", "a.t0");
  run(seconds(1));
  EXPECT_EQ(line.count("write no"), 0U);
  EXPECT_EQ(outcomes["no"].at(0).result, CommandResult::failed);
}

TEST_F(Channel, a_write_ends_the_pause_between_attempts_and_fails_with_the_reason) {
  line.set_link(false);
  open({make_device(names, "a", 2, seconds(1))});
  run(minutes(1));
  line.take_log();
  write("now", "a.t0");
  run(milliseconds(501));
  EXPECT_EQ(line.count("connect"), 1U);
  ASSERT_EQ(outcomes["now"].size(), 1U);
  EXPECT_EQ(outcomes["now"][0].result, CommandResult::failed);
  EXPECT_EQ(outcomes["now"][0].status.what(), "nobody listens");
  line.set_link(true);
  run(milliseconds(600));
  write("again", "a.t0");
  run(milliseconds(501));
  EXPECT_EQ(outcomes["again"].at(0).result, CommandResult::done);
}

TEST_F(Channel, a_write_that_did_not_reach_the_device_is_made_again_on_a_fresh_link_and_one_that_may_have_is_not) {
  open({make_device(names, "a", 2, seconds(1))});
  run(seconds(2));
  bool broken = true;
  CommandResult broken_result = CommandResult::failed;
  line.on_write = [&](const Command&, Deadline) -> WriteOutcome {
    if (std::exchange(broken, false)) return {broken_result, Status(Fault::disconnected, "closed")};
    return {CommandResult::done, Status()};
  };
  write("failed", "a.t0");
  run(seconds(1));
  EXPECT_EQ(line.count("write failed"), 2U);
  EXPECT_EQ(outcomes["failed"].at(0).result, CommandResult::done);
  broken = true;
  broken_result = CommandResult::unknown;
  write("unknown", "a.t0");
  run(seconds(1));
  EXPECT_EQ(line.count("write unknown"), 1U);
  EXPECT_EQ(outcomes["unknown"].at(0).result, CommandResult::unknown);
}

TEST_F(Channel, a_write_that_is_to_be_read_back_has_the_outcome_of_that_and_nothing_goes_between) {
  const struct {
    CommandResult sent, read, told;
    bool asked;
  } table[] = {{CommandResult::done, CommandResult::done, CommandResult::done, true},
               {CommandResult::done, CommandResult::refused, CommandResult::refused, true},
               {CommandResult::done, CommandResult::unknown, CommandResult::unknown, true},
               {CommandResult::unknown, CommandResult::done, CommandResult::done, true},
               {CommandResult::refused, CommandResult::done, CommandResult::refused, false}};
  open({make_device(names, "a", 2, milliseconds(10))});
  for (const auto& row : table) {
    outcomes.clear();
    line.on_write = [&](const Command&, Deadline) -> WriteOutcome { return {row.sent, Status(), row.asked}; };
    line.on_read_back = [&](const Command&, Deadline deadline) -> WriteOutcome {
      EXPECT_EQ(deadline - clock.now(), line.timeout) << "a whole exchange of its own";
      return {row.read, Status()};
    };
    (void)line.take_log();
    write("x", "a.t0");
    run(milliseconds(100));
    ASSERT_EQ(outcomes["x"].size(), 1U);
    EXPECT_EQ(outcomes["x"][0].result, row.told);
    const std::vector<std::string> log = line.take_log();
    const auto sent = std::ranges::find(log, "write x");
    ASSERT_LT(sent - log.begin(), static_cast<ptrdiff_t>(log.size()) - 2);
    EXPECT_EQ(sent[1], row.asked ? "read back x" : "answered x");
  }
}

TEST_F(Channel, a_write_that_a_late_answer_could_confirm_waits_for_it_while_others_go_ahead) {
  open({make_device(names, "a", 2, seconds(1)), make_device(names, "b", 2, seconds(1))});
  run(seconds(2));
  const MonoTime free = clock.now() + milliseconds(1700);
  line.on_write_free_at = [&](const Command& command, MonoTime now) {
    return command.tag == *names.find_tag("a.t0") ? std::max(now, free) : now;
  };
  (void)line.take_log();
  output.polls.clear();
  write("held", "a.t0");
  write("too_short", "a.t0", seconds(1));
  write("behind", "a.t0");
  write("other", "b.t0");
  run(milliseconds(100));
  EXPECT_EQ(outcomes["other"].at(0).result, CommandResult::done);
  EXPECT_TRUE(outcomes["held"].empty());
  run(milliseconds(1000));
  EXPECT_EQ(outcomes["too_short"].at(0).result, CommandResult::expired);
  run(milliseconds(550));
  EXPECT_TRUE(outcomes["held"].empty());
  run(milliseconds(150));
  EXPECT_EQ(outcomes["held"].at(0).result, CommandResult::done);
  EXPECT_EQ(outcomes["behind"].at(0).result, CommandResult::done);
  EXPECT_GE(output.polls.size(), 3U) << "polls go on";
  std::vector<std::string> writes = line.take_log();
  std::erase_if(writes, [](const std::string& entry) { return !entry.starts_with("write "); });
  EXPECT_EQ(writes, (std::vector<std::string>{"write other", "write held", "write behind"}));
}

TEST_F(Channel, writes_that_wait_for_late_answers_are_bounded_and_fail_when_the_channel_stops) {
  open({make_device(names, "a", 2, seconds(1))});
  line.on_write_free_at = [&](const Command&, MonoTime now) { return now + hours(1); };
  for (size_t i = 0; i < CommandQueue::kLimit; ++i) write("w", "a.t0", minutes(10));
  run(seconds(5));
  EXPECT_FALSE(commands.empty());
  EXPECT_TRUE(outcomes["w"].empty());
  stop.raise();
  loop->end();
  ASSERT_EQ(outcomes["w"].size(), CommandQueue::kLimit);
  EXPECT_EQ(outcomes["w"][0].result, CommandResult::failed);
}

TEST_F(Channel, a_write_that_a_device_takes_brings_it_back) {
  open({make_device(names, "a", 2, minutes(1))});
  line.set_dead(device("a"), true);
  run(minutes(10));
  line.set_dead(device("a"), false);
  output.polls.clear();
  write("hello", "a.t0");
  run(milliseconds(100));
  EXPECT_EQ(outcomes["hello"].at(0).result, CommandResult::done);
  ASSERT_EQ(output.polls.size(), 1U);
  EXPECT_EQ(output.polls[0].samples[0].quality, Quality::good);
}

TEST_F(Channel, polls_that_are_missed_while_it_connects_are_not_the_lines_fault) {
  open({make_device(names, "a", 2, milliseconds(500))});
  line.on_connect = [&](Deadline deadline) {
    line.spend_until(deadline);
    return Status(Fault::timeout, "Connection timed out");
  };
  run(minutes(5));
  EXPECT_GT(report().overruns, 100U);
  EXPECT_EQ(output.said, std::vector<std::string>{"! Connection timed out"});
}

// ---- stopping, counting

TEST_F(Channel, an_answer_that_has_come_when_we_stop_is_kept) {
  open({make_device(names, "a", 1, seconds(1))});
  line.on_read = [&](const Request& request, SampleSink& sink, Deadline) {
    sink.good(request.tags[0], int64_t{7});
    stop.raise();
    return Exchange{};
  };
  for (int i = 0; i < 100 && !stop.raised(); ++i) clock.set(std::max(loop->turn(), clock.now()));
  EXPECT_TRUE(stop.raised());
  ASSERT_EQ(output.polls.size(), 1U);
  EXPECT_EQ(output.polls[0].samples.at(0).value, Value(int64_t{7}));
}

TEST_F(Channel, a_poll_that_is_interrupted_by_the_stop_gives_nothing) {
  open({make_device(names, "a", 4, seconds(1))});
  line.on_read = [&](const Request&, SampleSink&, Deadline) -> Exchange {
    stop.raise();
    return {Status(Fault::cancelled, "stopping"), 0, 0, {}};
  };
  for (int i = 0; i < 100 && !stop.raised(); ++i) clock.set(std::max(loop->turn(), clock.now()));
  EXPECT_TRUE(stop.raised());
  loop->turn();
  EXPECT_TRUE(output.polls.empty());
  EXPECT_TRUE(output.said.empty());
  loop->end();
  EXPECT_EQ(line.count("disconnect"), 1U);
  EXPECT_EQ(report().state, "stopped");
}

TEST_F(Channel, line_time_is_counted_as_it_is_planned_with_the_silence_before_each_request) {
  open({make_device(names, "a", 2, milliseconds(200))});
  line.exchange = milliseconds(10);
  plan.polls[0].requests[0].quiet = milliseconds(50);
  run(minutes(2));
  EXPECT_NEAR(report().busy, 60.0 / 200, 0.03);
  EXPECT_NEAR(report(0).busy, 60.0 / 200, 0.03);
}

TEST_F(Channel, counts_what_crossed_the_wire) {
  open({make_device(names, "a", 4, seconds(1)), make_device(names, "b", 2, seconds(1))});
  line.exchange = milliseconds(100);
  run(minutes(2));
  const ChannelReport channel = report();
  EXPECT_EQ(channel.name, "line_a");
  EXPECT_EQ(channel.devices, 2U);
  EXPECT_EQ(channel.tags, 6U);
  EXPECT_EQ(channel.requests, report(0).requests + report(1).requests);
  EXPECT_EQ(channel.answered, channel.requests);
  EXPECT_EQ(channel.bytes_out, channel.requests * 8);
  EXPECT_EQ(channel.bytes_in, channel.requests * 16);
  EXPECT_NEAR(static_cast<double>(channel.polls), 240, 2);
  EXPECT_NEAR(channel.busy, 0.3, 0.02);
  EXPECT_TRUE(report(1).last_answer.has_value());
}

TEST_F(Channel, an_error_that_the_device_answers_counts_as_refused_and_as_an_answer) {
  open({make_device(names, "a", 2, seconds(1))});
  line.on_read = [&](const Request& request, SampleSink& sink, Deadline) -> Exchange {
    for (const TagId tag : request.tags) sink.bad(tag, Reason::device_refused, 2);
    return {};
  };
  run(seconds(10));
  EXPECT_EQ(report().refused, report().requests);
  EXPECT_EQ(report().answered, report().requests);
  EXPECT_TRUE(report(0).online);
}

TEST_F(Channel, is_alive_while_an_exchange_is_within_its_deadline_and_not_long_after) {
  open({make_device(names, "a", 1, seconds(1))});
  bool in_time = false, too_late = true;
  line.on_read = [&](const Request& request, SampleSink& sink, Deadline deadline) -> Exchange {
    in_time = heartbeat.alive(deadline);
    too_late = heartbeat.alive(deadline + seconds(10));
    sink.good(request.tags[0], int64_t{1});
    return {};
  };
  run(seconds(2));
  EXPECT_TRUE(in_time);
  EXPECT_FALSE(too_late);
}

TEST_F(Channel, a_suspension_of_ten_minutes_gives_one_poll_per_group) {
  open({make_device(names, "a", 2, seconds(1)), make_device(names, "b", 2, milliseconds(1500))});
  run(seconds(10));
  output.polls.clear();
  clock.advance(minutes(10));
  run(milliseconds(25));
  EXPECT_LE(output.polls.size(), 2U);
}

}  // namespace
}  // namespace ferrule

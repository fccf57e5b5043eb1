// The channel's loop on a clock of its own: hours of a line in milliseconds.
#include "host/channel_loop.h"

#include <set>

#include "tests/unit/host/channel_fixture.h"

namespace ferrule {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

class Channel : public testing::Test {
 protected:
  Channel() { line.clock = &clock; }

  // Puts a channel of these devices into service.
  void open(std::vector<DeviceSettings> devices) {
    settings = make_channel(std::move(devices));
    context.emplace(ChannelContext{clock, names, stop});
    driver = std::move(kFakeDriver.build(settings, *context)).value();
    plan = std::move(plan_channel(settings, kFakeDriver, *driver, names)).value();
    loop.emplace(ChannelLoop::Parts{settings, plan, *driver, clock, stop, output, commands, heartbeat});
    loop->begin();
  }
  void run(Duration time) {
    const MonoTime end = clock.now() + time;
    int idle = 0;
    while (clock.now() < end) {
      const MonoTime before = clock.now();
      const MonoTime wake = loop->turn();
      if (wake > clock.now()) clock.set(std::min(wake, end));
      idle = clock.now() == before ? idle + 1 : 0;
      ASSERT_LT(idle, 1000) << "the loop turns without getting on";
    }
  }
  void write(const std::string& id, const std::string& tag, Duration expires = seconds(10)) {
    Command command{id, *names.find_tag(tag), int64_t{5}, clock.now() + expires};
    ASSERT_TRUE(commands.push({command, [this, id](const WriteOutcome& outcome) {
                                 outcomes[id].push_back(outcome);
                                 line.note("answered " + id);
                               }}));
  }
  DeviceId device(const std::string& name) { return names.device(name); }
  std::vector<Poll> polls_of(const std::string& name) {
    std::vector<Poll> found;
    for (const Poll& poll : output.polls) {
      if (poll.device == device(name)) found.push_back(poll);
    }
    return found;
  }
  // Each poll answers each tag of the device once.
  void expect_complete(const DeviceSettings& settings_of, const Poll& poll) {
    std::set<TagId> tags;
    for (const Sample& sample : poll.samples) {
      EXPECT_TRUE(tags.insert(sample.tag).second) << "twice: " << names.full_name(sample.tag);
      EXPECT_EQ(sample.value.empty(), sample.quality == Quality::bad);
      EXPECT_EQ(sample.reason == Reason::none, sample.quality == Quality::good);
    }
    EXPECT_EQ(tags.size(), settings_of.tags.size());
  }
  ChannelReport report() { return loop->counters().channel_report(); }
  DeviceReport report(size_t index) { return loop->counters().device_reports().at(index); }

  ManualClock clock;
  Names names;
  StopSignal stop;
  FakeLine line;
  RecordedOutput output;
  CommandQueue commands;
  Heartbeat heartbeat;
  ChannelSettings settings;
  std::optional<ChannelContext> context;
  std::unique_ptr<Driver> driver;
  ChannelPlan plan;
  std::optional<ChannelLoop> loop;
  std::map<std::string, std::vector<WriteOutcome>> outcomes;
};

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
      return {second ? c.status : Status(), 0, 0, {}};
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
  EXPECT_LE(report().timeouts, 3U + 5 + 600 / 30);  // 1, 2, 4, 8, 16 s, then each 30 s
  EXPECT_GE(report().timeouts, 3U + 5 + 15);
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
      return {Status(Fault::timeout, "no answer"), 0, 0, {}};
    }
    for (const TagId tag : request.tags) sink.good(tag, int64_t{1});
    return {};
  };
  run(seconds(10));
  EXPECT_GE(line.count("a#1"), 1U);
  EXPECT_EQ(output.states.at(1).second.online, true);
}

TEST_F(Channel, dead_devices_take_five_percent_of_the_line_from_their_neighbours) {
  std::vector<DeviceSettings> devices;
  for (int i = 0; i < 32; ++i) devices.push_back(make_device(names, "d" + std::to_string(i), 2, milliseconds(500)));
  open(devices);
  line.timeout = seconds(1);
  line.exchange = milliseconds(15);  // 31 devices use 93 % of the line
  run(minutes(1));
  line.set_dead(device("d7"), true);
  run(seconds(10));  // time to find out
  output.polls.clear();
  const uint64_t timeouts = report().timeouts;
  run(minutes(10));
  size_t good = 0;
  for (const Poll& poll : output.polls) good += poll.samples[0].quality == Quality::good ? 1 : 0;
  EXPECT_GE(good, static_cast<size_t>(0.95 * 31 * 1200));
  EXPECT_LE(static_cast<double>(report().timeouts - timeouts) * 1.0, 0.05 * 600 + 1);
  EXPECT_GE(report().timeouts - timeouts, 15U);  // it is probed all the same
}

TEST_F(Channel, when_one_of_the_dead_answers_the_others_are_tried_at_once) {
  std::vector<DeviceSettings> devices;
  for (int i = 0; i < 12; ++i) devices.push_back(make_device(names, "d" + std::to_string(i), 2, seconds(5)));
  open(devices);
  for (int i = 1; i < 12; ++i) line.set_dead(device("d" + std::to_string(i)), true);
  run(minutes(30));
  for (int i = 1; i < 12; ++i) line.set_dead(device("d" + std::to_string(i)), false);
  output.states.clear();
  run(minutes(2));
  ASSERT_EQ(output.states.size(), 11U);
  output.polls.clear();
  run(seconds(6));
  for (const Poll& poll : output.polls) EXPECT_EQ(poll.samples[0].quality, Quality::good);
}

TEST_F(Channel, a_device_that_answers_now_and_then_is_not_offline) {
  open({make_device(names, "a", 4, seconds(1))});
  int request_number = 0;
  line.on_read = [&](const Request& request, SampleSink& sink, Deadline) -> Exchange {
    if (++request_number % 3 != 0) return {Status(Fault::timeout, "no answer"), 0, 0, {}};
    for (const TagId tag : request.tags) sink.good(tag, int64_t{1});
    return {};
  };
  run(minutes(1));
  for (const auto& [who, state] : output.states) EXPECT_TRUE(state.online);
  EXPECT_TRUE(output.said.empty());
}

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

// ---- stopping, counting

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

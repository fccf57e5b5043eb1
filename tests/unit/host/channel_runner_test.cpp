// The channel's thread. Real time with small periods; every wait is for a condition.
#include "host/channel_runner.h"

#include <poll.h>

#include <atomic>
#include <future>
#include <thread>

#include "tests/unit/host/channel_fixture.h"

namespace ferrule {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class Runner : public testing::Test {
 protected:
  void build(std::vector<DeviceSettings> devices, const DriverType& type = kFakeDriver) {
    settings = make_channel(std::move(devices));
    runner = std::move(ChannelRunner::build(settings, type, clock, names, output)).value();
  }
  Command command(const std::string& id) { return {id, *names.find_tag("a.t0"), int64_t{1}, clock.now() + seconds(60)}; }

  SystemClock clock;
  Names names;
  FakeLine line;
  RecordedOutput output;
  ChannelSettings settings;
  std::unique_ptr<ChannelRunner> runner;
};

TEST_F(Runner, polls_until_it_is_stopped) {
  build({make_device(names, "a", 3, milliseconds(5))});
  EXPECT_EQ(runner->report().state, "stopped");
  runner->start();
  ASSERT_TRUE(output.wait([&] { return output.polls.size() >= 20; }));
  EXPECT_TRUE(runner->alive(clock.now()));
  EXPECT_EQ(runner->report().state, "connected");
  runner->stop();
  const size_t polls = output.polls.size();
  EXPECT_EQ(runner->report().state, "stopped");
  EXPECT_EQ(line.count("disconnect"), 1U);
  EXPECT_TRUE(runner->alive(clock.now() + seconds(100)));
  runner->stop();
  EXPECT_EQ(output.polls.size(), polls);
  for (const Poll& poll : output.polls) EXPECT_EQ(poll.samples.size(), 3U);
}

TEST_F(Runner, a_write_is_answered_once_on_the_channels_thread_without_waiting_for_a_poll) {
  build({make_device(names, "a", 1, std::chrono::hours(1))});
  runner->start();
  std::promise<std::pair<WriteOutcome, std::thread::id>> answer;
  runner->write(command("x"), [&](WriteOutcome outcome) { answer.set_value({std::move(outcome), std::this_thread::get_id()}); });
  auto future = answer.get_future();
  ASSERT_EQ(future.wait_for(seconds(30)), std::future_status::ready);
  const auto [outcome, thread] = future.get();
  EXPECT_EQ(outcome.result, CommandResult::done);
  EXPECT_NE(thread, std::this_thread::get_id());
}

// A driver that waits for an answer as link does: until its deadline or the stop signal.
struct BlockedDriver final : Driver {
  explicit BlockedDriver(const ChannelContext& channel) : context(channel) {}
  Result<Requests> plan(const DeviceSettings& device, std::span<const TagSettings* const> tags) const override {
    return Requests{{device.id, {tags[0]->id}, "one", nullptr}};
  }
  Status connect(Deadline /*deadline*/) override { return {}; }
  Exchange read(const Request& /*request*/, SampleSink& /*sink*/, Deadline /*deadline*/) override {
    FakeLine::current()->note("blocked");
    entered().store(true);
    entered().notify_all();
    pollfd wait{context.stop.fd(), POLLIN, 0};
    ::poll(&wait, 1, 60'000);
    return {Status(Fault::cancelled, "stopping"), 0, 0, {}};
  }
  WriteOutcome write(const Command& /*command*/, Deadline /*deadline*/) override { return {}; }
  void disconnect() noexcept override { FakeLine::current()->note("disconnect"); }

  static std::atomic<bool>& entered() {
    static std::atomic<bool> flag{false};
    return flag;
  }
  const ChannelContext& context;
};

TEST_F(Runner, stop_ends_a_blocked_read_and_answers_the_queued_commands) {
  DriverType blocked = kFakeDriver;
  blocked.build = [](const ChannelSettings&, const ChannelContext& context) -> Result<std::unique_ptr<Driver>> {
    return std::unique_ptr<Driver>(new BlockedDriver(context));
  };
  blocked.timeout = [](const ChannelSettings&, const DeviceSettings&) -> Duration { return seconds(60); };
  BlockedDriver::entered() = false;
  build({make_device(names, "a", 1, milliseconds(1))}, blocked);
  runner->start();
  BlockedDriver::entered().wait(false);
  std::atomic<int> failed{0};
  const auto here = std::this_thread::get_id();
  for (int i = 0; i < 3; ++i) {
    runner->write(command("w"), [&](const WriteOutcome& outcome) {
      EXPECT_NE(std::this_thread::get_id(), here);
      failed += outcome.result == CommandResult::failed ? 1 : 100;
    });
  }
  const MonoTime before = clock.now();
  runner->stop();
  EXPECT_LT(clock.now() - before, seconds(30));  // not the 60 s of the read
  EXPECT_EQ(failed, 3);
  EXPECT_EQ(line.count("disconnect"), 1U);
  EXPECT_TRUE(output.polls.empty());
}

TEST_F(Runner, stop_wakes_a_channel_that_sleeps_until_its_next_poll) {
  build({make_device(names, "a", 1, std::chrono::hours(1))});
  runner->start();
  ASSERT_TRUE(output.wait([&] { return !output.polls.empty(); }));
  runner->stop();  // without the wake-up it returns in an hour
  EXPECT_EQ(output.polls.size(), 1U);
}

TEST_F(Runner, more_commands_than_may_wait_fail_at_once_and_the_others_at_the_stop) {
  build({make_device(names, "a", 1, seconds(1))});
  std::atomic<int> failed{0};
  const auto count = [&](const WriteOutcome& outcome) { failed += outcome.result == CommandResult::failed ? 1 : 1000; };
  for (int i = 0; i < 105; ++i) runner->write(command("w"), count);  // not started: nothing takes them
  EXPECT_EQ(failed, 5);
  runner->stop();
  EXPECT_EQ(failed, 105);
  runner->write(command("after"), count);
  EXPECT_EQ(failed, 106);
}

TEST_F(Runner, every_command_is_answered_once_whatever_the_stop_interrupts) {
  for (int round = 0; round < 20; ++round) {
    build({make_device(names, "a", 1, milliseconds(1))});
    runner->start();
    std::atomic<int> answered{0};
    int asked = 0;
    std::atomic<bool> over{false};
    std::thread writer([&] {
      while (!over) {
        ++asked;
        runner->write(command("w"), [&](const WriteOutcome&) { ++answered; });
      }
    });
    ASSERT_TRUE(output.wait([&] { return !output.polls.empty(); }));
    runner->stop();
    over = true;
    writer.join();
    EXPECT_EQ(answered, asked);
    output.polls.clear();
    runner.reset();
  }
}

TEST_F(Runner, a_channel_recovers_when_its_link_does) {
  build({make_device(names, "a", 2, milliseconds(5))});
  line.set_link(false);
  runner->start();
  ASSERT_TRUE(output.wait([&] { return output.polls.size() >= 5; }));
  line.set_link(true);
  ASSERT_TRUE(output.wait([&] { return !output.polls.empty() && output.polls.back().samples[0].quality == Quality::good; }));
  ASSERT_TRUE(output.wait([&] { return output.said.size() == 2; }));
  runner->stop();
  EXPECT_EQ(output.said, (std::vector<std::string>{"! nobody listens", "  the link is back"}));
}

TEST_F(Runner, reports_may_be_read_while_it_runs) {
  build({make_device(names, "a", 4, milliseconds(1)), make_device(names, "b", 4, milliseconds(1))});
  runner->start();
  uint64_t requests = 0;
  while (requests < 200) {
    const ChannelReport report = runner->report();
    EXPECT_GE(report.requests, requests);
    requests = report.requests;
    EXPECT_EQ(runner->devices().size(), 2U);
    EXPECT_TRUE(runner->alive(clock.now()));
  }
}

TEST_F(Runner, cannot_be_built_where_the_driver_cannot) {
  DriverType broken = kFakeDriver;
  broken.build = [](const ChannelSettings&, const ChannelContext&) -> Result<std::unique_ptr<Driver>> {
    return Status(Fault::invalid, "no such parity");
  };
  settings = make_channel({make_device(names, "a", 1, seconds(1))});
  const auto result = ChannelRunner::build(settings, broken, clock, names, output);
  EXPECT_EQ(result.status().what(), "no such parity");
  line.unplannable = {names.device("a")};
  EXPECT_FALSE(ChannelRunner::build(settings, kFakeDriver, clock, names, output).ok());
}

}  // namespace
}  // namespace ferrule

// A channel in service on a clock of its own, with a fake driver on a fake line.
#pragma once

#include "host/channel_loop.h"

#include <optional>
#include <set>

#include "tests/unit/host/channel_fixture.h"

namespace ferrule {

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

}  // namespace ferrule

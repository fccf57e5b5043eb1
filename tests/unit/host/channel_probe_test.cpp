// Raw reads that a person asks for over a running channel.
#include "tests/unit/host/channel_in_service.h"

namespace ferrule {
namespace {

class ChannelProbe : public Channel {
 protected:
  void ask(const std::string& address, Duration timeout = milliseconds(500)) {
    ASSERT_TRUE(commands.push(WaitingProbe{{.unit = 7, .address = address, .count = 2, .timeout = timeout},
                                           [this](ProbeAnswer answer) { answers.push_back(std::move(answer)); }}));
  }
  // Answers after 10 ms, and remembers how long each was given.
  void answer_probes() {
    line.on_probe = [this](const ProbeQuestion&, Deadline deadline) {
      given.push_back(deadline - clock.now());
      line.spend(milliseconds(10));
      return ProbeAnswer{.bytes = {1, 2, 3, 4}};
    };
  }

  std::vector<ProbeAnswer> answers;
  std::vector<Duration> given;
};

TEST_F(ChannelProbe, a_saturated_line_is_shared_turn_by_turn) {
  answer_probes();
  open({make_device(names, "a", 2, milliseconds(10))});
  run(seconds(1));
  (void)line.take_log();
  for (int i = 0; i < 8; ++i) ask("holding:" + std::to_string(i));
  run(seconds(1));
  ASSERT_EQ(answers.size(), 8U);
  EXPECT_EQ(answers[0].bytes, (std::vector<uint8_t>{1, 2, 3, 4}));
  const std::vector<std::string> log = line.take_log();
  size_t asked = 0;
  for (size_t i = 0; i + 1 < log.size(); ++i) {
    if (!log[i].starts_with("probe ")) continue;
    EXPECT_EQ(log[i], "probe holding:" + std::to_string(asked++)) << "in their order";
    EXPECT_FALSE(log[i + 1].starts_with("probe ")) << "a poll goes between";
  }
  EXPECT_EQ(asked, 8U);
}

TEST_F(ChannelProbe, a_write_goes_first) {
  answer_probes();
  open({make_device(names, "a", 1, seconds(1))});
  run(seconds(2));
  (void)line.take_log();
  ask("holding:0");
  write("w", "a.t0");
  run(milliseconds(50));
  EXPECT_EQ(line.take_log(), (std::vector<std::string>{"write w", "answered w", "probe holding:0"}));
}

TEST_F(ChannelProbe, polls_never_wait_long_for_it_whatever_was_asked) {
  answer_probes();
  open({make_device(names, "a", 1, seconds(1))});
  run(seconds(2));
  for (const Duration timeout : {Duration{0}, Duration{milliseconds(300)}, Duration{hours(1)}}) ask("holding:0", timeout);
  run(seconds(1));
  EXPECT_EQ(given, (std::vector<Duration>{milliseconds(10), milliseconds(300), seconds(5)}));
}

TEST_F(ChannelProbe, without_a_link_it_fails_with_the_reason) {
  answer_probes();
  line.set_link(false);
  open({make_device(names, "a", 1, seconds(1))});
  ask("holding:0");
  run(seconds(30));
  ASSERT_EQ(answers.size(), 1U);
  EXPECT_EQ(answers[0].status.fault(), Fault::disconnected);
  EXPECT_EQ(answers[0].status.what(), "nobody listens");
}

TEST_F(ChannelProbe, one_that_loses_the_link_is_answered_and_the_channel_connects_again) {
  open({make_device(names, "a", 1, seconds(1))});
  line.on_probe = [](const ProbeQuestion&, Deadline) { return ProbeAnswer{.status = Status(Fault::disconnected, "closed")}; };
  run(seconds(2));
  (void)line.take_log();
  ask("holding:0");
  run(seconds(10));
  ASSERT_EQ(answers.size(), 1U);
  EXPECT_EQ(answers[0].status.fault(), Fault::disconnected);
  EXPECT_EQ(line.count("connect"), 1U);
  EXPECT_EQ(output.polls.back().samples[0].quality, Quality::good);
}

TEST_F(ChannelProbe, it_has_its_own_place_among_the_frames_and_counts_as_line_time) {
  open({make_device(names, "a", 1, seconds(1))});
  FrameRing frames(clock, 4096);
  loop.emplace(ChannelLoop::Parts{settings, plan, *driver, clock, stop, output, commands, heartbeat, &frames});
  loop->begin();
  line.on_read = [&](const Request& request, SampleSink& sink, Deadline) -> Exchange {
    frames.sent(std::vector<uint8_t>{1});
    sink.good(request.tags[0], int64_t{1});
    return {Status(), 1, 0, milliseconds(1)};
  };
  line.on_probe = [&](const ProbeQuestion&, Deadline) {
    frames.sent(std::vector<uint8_t>{2});
    line.spend(milliseconds(400));
    return ProbeAnswer{.status = Status(Fault::timeout, "no answer")};
  };
  run(seconds(3));
  const uint64_t requests = report().requests;
  const double busy = report().busy;
  ask("holding:0");
  run(seconds(2));
  size_t probes = 0;
  for (const RecordedExchange& exchange : frames.exchanges()) {
    ASSERT_EQ(exchange.sent.size(), 1U) << "one question each";
    EXPECT_EQ(exchange.device.has_value(), exchange.sent[0] == 1);
    probes += exchange.sent[0] == 2 ? 1 : 0;
  }
  EXPECT_EQ(probes, 1U);
  EXPECT_EQ(report().requests, requests + 3);
  EXPECT_EQ(report().timeouts, 1U);
  EXPECT_EQ(report(0).timeouts, 0U);
  EXPECT_GT(report().busy, busy + 0.05);
}

TEST_F(ChannelProbe, a_driver_without_one_says_so) {
  open({make_device(names, "a", 1, seconds(1))});
  ask("holding:0");
  run(seconds(1));
  ASSERT_EQ(answers.size(), 1U);
  EXPECT_EQ(answers[0].status.fault(), Fault::invalid);
}

TEST_F(ChannelProbe, no_more_wait_than_the_queue_holds) {
  const auto nobody = [](const ProbeAnswer&) {};
  for (size_t i = 0; i < CommandQueue::kProbeLimit; ++i) EXPECT_TRUE(commands.push(WaitingProbe{{}, nobody}));
  EXPECT_FALSE(commands.push(WaitingProbe{{}, nobody}));
  (void)commands.pop_probe();
  EXPECT_TRUE(commands.push(WaitingProbe{{}, nobody}));
  commands.close();
  (void)commands.pop_probe();
  EXPECT_FALSE(commands.push(WaitingProbe{{}, nobody}));
}

}  // namespace
}  // namespace ferrule

// Silent devices on a busy line, on a clock of its own: what they cost the others, and how soon they are back.
#include "tests/unit/host/channel_in_service.h"

namespace ferrule {
namespace {

class SickLine : public Channel {
 protected:
  // 32 devices that use 93 % of the line: one exchange of 15 ms each, every 500 ms.
  void open_busy_line() {
    std::vector<DeviceSettings> devices;
    for (int i = 0; i < 32; ++i) devices.push_back(make_device(names, "d" + std::to_string(i), 2, milliseconds(500)));
    line.timeout = timeout;
    line.exchange = milliseconds(15);
    open(devices);
    run(minutes(1));
  }
  void set_dead(int first, int last, bool dead) {
    for (int i = first; i <= last; ++i) line.set_dead(device("d" + std::to_string(i)), dead);
  }
  size_t good_polls() {
    size_t good = 0;
    for (const Poll& poll : output.polls) good += poll.samples[0].quality == Quality::good ? 1 : 0;
    return good;
  }
  Duration timeout = seconds(1);
};

TEST_F(SickLine, one_dead_device_of_32_takes_less_than_five_percent_from_the_others) {
  open_busy_line();
  line.set_dead(device("d7"), true);
  output.polls.clear();
  run(minutes(10));  // with the time to find out
  EXPECT_GE(good_polls(), static_cast<size_t>(0.95 * 31 * 1200));
  EXPECT_GE(report().timeouts, 60U);  // it is probed all the same
}

TEST_F(SickLine, a_dead_device_that_has_never_answered_takes_no_more) {
  set_dead(7, 7, true);
  open_busy_line();
  output.polls.clear();
  run(minutes(10));
  EXPECT_GE(good_polls(), static_cast<size_t>(0.95 * 31 * 1200));
  EXPECT_GE(report().timeouts, 20U);
}

TEST_F(SickLine, twenty_of_32_dead_ones_that_come_back_together_are_all_polled_within_ten_seconds) {
  open_busy_line();
  set_dead(12, 31, true);
  run(minutes(5));
  set_dead(12, 31, false);
  output.states.clear();
  output.polls.clear();
  run(seconds(10));
  EXPECT_EQ(output.states.size(), 20U);
  std::set<DeviceId> polled;
  for (const Poll& poll : output.polls) {
    if (poll.samples[0].quality == Quality::good) polled.insert(poll.device);
  }
  EXPECT_EQ(polled.size(), 32U);
}

TEST_F(SickLine, a_round_of_probes_lets_polls_that_are_due_go_between) {
  open_busy_line();
  set_dead(12, 31, true);
  run(minutes(5));
  set_dead(12, 12, false);  // one is back; 19 more are tried in vain
  output.states.clear();
  while (output.states.empty()) run(milliseconds(100));
  const uint64_t overruns = report().overruns, timeouts = report().timeouts;
  run(seconds(4));
  EXPECT_GE(report().timeouts - timeouts, 18U);
  EXPECT_EQ(report().overruns, overruns);
}

TEST_F(SickLine, the_share_is_a_setting) {
  open_busy_line();
  const auto timeouts_with = [&](double share) {
    settings.sick.probe_share = share;
    loop.emplace(ChannelLoop::Parts{settings, plan, *driver, clock, stop, output, commands, heartbeat});
    loop->begin();
    run(seconds(30));
    set_dead(1, 20, true);
    run(minutes(1));
    const uint64_t before = report().timeouts;
    run(minutes(10));
    set_dead(1, 20, false);
    return static_cast<double>(report().timeouts - before);
  };
  line.exchange = milliseconds(40);  // 12 devices keep it busy
  const double little = timeouts_with(0.01), more = timeouts_with(0.1);
  EXPECT_GT(more, 3 * little);
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

// ---- a gateway that answers for its units

TEST_F(SickLine, a_unit_that_a_gateway_reports_as_silent_is_probed_like_one) {
  open_busy_line();
  line.on_read = [&](const Request& request, SampleSink& sink, Deadline) -> Exchange {
    if (request.device == device("d7")) {
      line.spend(milliseconds(400));  // the gateway's own timeout
      for (const TagId tag : request.tags) sink.bad(tag, Reason::device_refused, 11);
      return {Status(Fault::timeout, 11, "exception 11"), 12, 9, {}};
    }
    line.spend(milliseconds(15));
    for (const TagId tag : request.tags) sink.good(tag, int64_t{1});
    return {Status(), 8, 16, milliseconds(15)};
  };
  output.polls.clear();
  run(minutes(10));
  EXPECT_GE(good_polls(), static_cast<size_t>(0.95 * 31 * 1200));
  EXPECT_EQ(output.states.back().first, device("d7"));
  EXPECT_FALSE(output.states.back().second.online);
}

// A TCP-to-serial gateway: one question after the other, and `patience` of its own with a dead unit.
class PatientGateway : public SickLine {
 protected:
  void open_gateway(int devices, Duration every) {
    line.timeout = timeout;
    line.on_read = [this](const Request& request, SampleSink& sink, Deadline deadline) { return ask(request, sink, deadline); };
    if (known) line.on_free_at = [this](const Request&, MonoTime now) { return std::max(now, free); };
    std::vector<DeviceSettings> settings_of;
    for (int i = 0; i < devices; ++i) settings_of.push_back(make_device(names, "d" + std::to_string(i), 2, every));
    open(settings_of);
  }
  Exchange ask(const Request& request, SampleSink& sink, Deadline deadline) {
    const MonoTime begun = clock.now();
    const bool dead = line.dead(request.device);
    free = std::max(begun, free) + (dead ? patience : milliseconds(20));
    if (free > deadline || (dead && mute)) {
      line.spend_until(deadline);
      return {Status(Fault::timeout, "no answer"), 12, 0, {}};
    }
    line.spend_until(free);
    for (const TagId tag : request.tags) dead ? sink.bad(tag, Reason::device_refused, 11) : sink.good(tag, int64_t{1});
    return {dead ? Status(Fault::timeout, 11, "exception 11") : Status(), 12, 9, clock.now() - begun};
  }
  Duration patience = seconds(1);
  bool mute = false;   // it says nothing of a dead unit
  bool known = false;  // the driver has learnt how patient it is
  MonoTime free;
};

TEST_F(PatientGateway, what_it_waits_longer_than_a_probe_comes_out_of_the_share) {
  timeout = seconds(2);
  open_gateway(3, milliseconds(200));
  for (const bool says_nothing : {false, true}) {
    for (const bool learnt : {false, true}) {
      for (const Duration waits : {milliseconds(500), milliseconds(1000)}) {
        mute = says_nothing;
        patience = waits;
        line.on_free_at = [this, learnt](const Request&, MonoTime now) { return learnt ? std::max(now, free) : now; };
        line.set_dead(device("d2"), false);
        run(minutes(1));
        line.set_dead(device("d2"), true);
        run(minutes(1));
        output.polls.clear();
        run(minutes(10));
        EXPECT_GE(good_polls(), static_cast<size_t>(0.95 * 2 * 3000)) << says_nothing << learnt << waits.count();
      }
    }
  }
}

TEST_F(PatientGateway, one_that_waits_longer_than_we_do_silences_nobody_who_lives) {
  patience = milliseconds(2500);
  known = true;
  open_gateway(10, seconds(1));
  set_dead(1, 7, true);
  run(minutes(3));
  std::set<DeviceId> offline;
  for (const auto& [device, state] : output.states) state.online ? (void)offline.erase(device) : (void)offline.insert(device);
  EXPECT_EQ(offline.size(), 7U);
  output.polls.clear();
  run(minutes(5));
  EXPECT_GE(good_polls(), static_cast<size_t>(0.9 * 3 * 300));
  const auto warned =
      std::ranges::count_if(output.said, [](const std::string& said) { return said.find("1500 ms more") != std::string::npos; });
  EXPECT_EQ(warned, 1) << "once";
}

// ---- writes to the dead

TEST_F(SickLine, a_write_that_was_not_sent_does_not_bring_a_dead_unit_back) {
  open({make_device(names, "a", 2, seconds(1)), make_device(names, "b", 2, seconds(1))});
  line.set_dead(device("b"), true);
  run(minutes(1));
  output.states.clear();
  output.said.clear();
  line.on_write = [&](const Command&, Deadline) -> WriteOutcome {
    return {CommandResult::refused, Status(Fault::invalid, "70000 does not fit uint16")};
  };
  const uint64_t requests = report(1).requests;
  write("too_much", "b.t0");
  run(milliseconds(20));
  EXPECT_EQ(outcomes["too_much"].at(0).result, CommandResult::refused);
  run(minutes(1));
  EXPECT_TRUE(output.states.empty());
  EXPECT_TRUE(output.said.empty());
  line.on_write = [&](const Command&, Deadline) -> WriteOutcome {
    return {CommandResult::refused, Status(Fault::refused, 3, "exception 3")};
  };
  write("refused", "b.t0");
  run(milliseconds(20));
  EXPECT_EQ(output.states.size(), 1U) << "the unit itself has said no";
  EXPECT_GT(report(1).requests, requests);
}

}  // namespace
}  // namespace ferrule

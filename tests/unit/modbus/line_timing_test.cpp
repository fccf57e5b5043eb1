// When a line sends: the silence between frames, longer pauses of a channel or a unit, and the silence after an error.
#include <gtest/gtest.h>

#include "modbus/line.h"
#include "modbus/line_time.h"
#include "modbus/read_plan.h"
#include "tests/fakes/modbus_channel.h"
#include "tests/fakes/recording_sink.h"
#include "tests/fakes/scripted_device.h"
#include "tests/fakes/virtual_line.h"

namespace ferrule::modbus {

namespace {

using namespace std::chrono_literals;

constexpr Duration kSilence = 2ms;
constexpr Duration kErrorSilence = 20ms;
constexpr Duration kLatency = 3ms;

// An RTU line on a clock that jumps, with units that answer after kLatency; what it sends is noted with its time.
class TimedLine {
 public:
  explicit TimedLine(Pauses pauses = {}) : context_{.clock = clock_, .names = names_, .stop = stop_} {
    auto stream = std::make_unique<VirtualLine>(clock_, [this](VirtualLine& line, std::span<const uint8_t> request) {
      sent_ = clock_.now();
      Bytes answer = rtu_frame(read_answer(request[0], request[1], {7}));
      if (damaged) answer.back() ^= 1;
      line.arrive(std::move(answer), kLatency);
      answered_ = clock_.now() + kLatency;
    });
    stream_ = stream.get();
    line_ =
        make_rtu_line(std::move(stream),
                      {.silence = kSilence, .error_silence = kErrorSilence, .pauses = pauses, .late = LateWindows()}, context_);
    EXPECT_TRUE(line_->connect(clock_.now() + 1s).ok());
    clock_.advance(1s);
  }

  // From the end of the last answer to the request that this sends.
  Duration gap_before(uint8_t unit) {
    const MonoTime before = answered_;
    const Question question{.unit = unit, .function = Function::read_holding, .address = 0, .count = 1};
    (void)line_->ask(question, read_pdu(question), clock_.now() + 1s);
    return sent_ - before;
  }
  void noise_after(Duration after) { stream_->arrive({0xff}, after); }

  bool damaged = false;

 private:
  ManualClock clock_;
  Names names_;
  StopSignal stop_;
  ChannelContext context_;
  VirtualLine* stream_ = nullptr;
  std::unique_ptr<Line> line_;
  MonoTime sent_, answered_;
};

TEST(LineTiming, requests_follow_answers_after_just_the_silence_that_parts_frames) {
  TimedLine line;
  (void)line.gap_before(1);
  for (const uint8_t unit : {uint8_t{1}, uint8_t{2}, uint8_t{1}}) EXPECT_EQ(line.gap_before(unit), kSilence);
}

TEST(LineTiming, a_unit_that_wants_a_pause_gets_it_and_its_neighbours_do_not) {
  Pauses pauses{};
  pauses.set(2, 15ms);
  TimedLine line(pauses);
  (void)line.gap_before(1);
  EXPECT_EQ(line.gap_before(2), 15ms);
  EXPECT_EQ(line.gap_before(1), kSilence);
}

TEST(LineTiming, after_an_error_and_after_noise_the_line_must_be_silent_for_longer) {
  TimedLine line;
  (void)line.gap_before(1);
  line.damaged = true;
  EXPECT_EQ(line.gap_before(1), kSilence);
  line.damaged = false;
  EXPECT_EQ(line.gap_before(1), kErrorSilence);
  EXPECT_EQ(line.gap_before(1), kSilence);
  line.noise_after(1ms);
  EXPECT_EQ(line.gap_before(1), 1ms + kErrorSilence);
}

TEST(LineTiming, over_tcp_a_pause_is_kept_before_each_request_to_the_unit) {
  std::vector<std::chrono::steady_clock::time_point> heard;
  ScriptedDevice device([&](ScriptedDevice::Peer& peer, const HeardRequest& request) {
    heard.push_back(std::chrono::steady_clock::now());
    peer.send_tcp(request.transaction, read_answer(5, 3, {1}));
  });
  ModbusChannel channel;
  channel.tcp(device.port()).device(5);
  channel.device_fields().set("pause", Duration(30ms));
  channel.tag("holding:100");
  const auto driver = channel.build();
  const Requests requests = channel.plan(*driver);
  ASSERT_TRUE(driver->connect(channel.in(5s)).ok());
  RecordingSink sink;
  for (int turn = 0; turn < 2; ++turn) ASSERT_TRUE(driver->read(requests[0], sink, channel.in(5s)).status.ok());
  EXPECT_GE(heard[1] - heard[0], 30ms);
}

TEST(LineTiming, frames_are_parted_by_three_and_a_half_characters_and_by_1750_us_at_least) {
  struct Case {
    int64_t baud;
    std::string parity;
    std::chrono::microseconds silence;
  };
  const Case cases[] = {{1200, "none", 29'166us}, {9600, "none", 3'645us},  {9600, "even", 4'010us},
                        {19200, "even", 2'005us}, {38400, "none", 1'750us}, {115200, "even", 1'750us}};
  for (const Case& one : cases) {
    Fields serial(kSerialFields);
    serial.set("port", std::string("/dev/ttyS0"));
    serial.set("baud", one.baud);
    serial.set("parity", one.parity);
    EXPECT_EQ(std::chrono::duration_cast<std::chrono::microseconds>(frame_silence(serial)), one.silence)
        << one.baud << one.parity;
  }
}

}  // namespace

}  // namespace ferrule::modbus

// A line that hands our own bytes back, and damages them at times: that is neither the answer nor a proof that nothing is echoed.
#include <gtest/gtest.h>

#include "modbus/line.h"
#include "modbus/read_plan.h"
#include "tests/fakes/scripted_device.h"
#include "tests/fakes/virtual_line.h"

namespace ferrule::modbus {

namespace {

using namespace std::chrono_literals;

// The high byte of its address is the byte count of its answer: damaged, its echo looks like that answer.
const Question kAlike{.unit = 1, .function = Function::read_holding, .address = 0x0200, .count = 1};
const Question kUnlike{.unit = 1, .function = Function::read_holding, .address = 0x0007, .count = 1};
const Question kWrite{.unit = 1, .function = Function::write_register, .address = 0x0007, .count = 1};

class EchoingLine {
 public:
  EchoingLine() : context_{.clock = clock, .names = names_, .stop = stop_} {
    auto stream = std::make_unique<VirtualLine>(clock, [this](VirtualLine& line, std::span<const uint8_t> request) {
      Bytes echo(request.begin(), request.end());
      if (damages) echo[5] ^= 1;
      if (echoes) line.arrive(echo, 1ms);
      if (!answers) return;
      const bool write = request[1] == 6;
      line.arrive(write ? Bytes(request.begin(), request.end()) : rtu_frame(read_answer(1, 3, {7})), 10ms);
    });
    line_ =
        make_rtu_line(std::move(stream),
                      {.silence = 2ms, .error_silence = 20ms, .pauses = {}, .late = LateWindows(2s), .may_echo = true}, context_);
    EXPECT_TRUE(line_->connect(clock.now() + 1s).ok());
  }
  Fault ask(const Question& question) {
    const auto high = static_cast<uint8_t>(question.address >> 8), low = static_cast<uint8_t>(question.address);
    const std::array<uint8_t, 5> pdu{static_cast<uint8_t>(question.function), high, low, 0, 1};
    return line_->ask(question, pdu, clock.now() + 300ms).status.fault();
  }
  bool held_off(const Question& question) { return line_->free_at(question, clock.now()) > clock.now(); }

  ManualClock clock;
  bool echoes = true, damages = false, answers = true;

 private:
  Names names_;
  StopSignal stop_;
  ChannelContext context_;
  std::unique_ptr<Line> line_;
};

TEST(DamagedEcho, that_looks_like_a_damaged_answer_leaves_the_answer_owed) {
  EchoingLine line;
  EXPECT_EQ(line.ask(kAlike), Fault::none);
  line.damages = true;
  line.answers = false;
  EXPECT_EQ(line.ask(kAlike), Fault::bad_reply);
  EXPECT_TRUE(line.held_off(kUnlike));
}

TEST(DamagedEcho, does_not_make_the_echo_of_the_next_write_its_confirmation) {
  EchoingLine line;
  EXPECT_EQ(line.ask(kUnlike), Fault::none);
  line.damages = true;
  EXPECT_NE(line.ask(kAlike), Fault::none);
  line.damages = line.answers = false;
  line.clock.advance(10s);
  EXPECT_EQ(line.ask(kWrite), Fault::timeout);
}

TEST(DamagedEcho, an_answer_without_an_echo_shows_that_there_is_none) {
  EchoingLine line;
  EXPECT_EQ(line.ask(kUnlike), Fault::none);
  line.echoes = false;
  EXPECT_EQ(line.ask(kUnlike), Fault::none);
  EXPECT_EQ(line.ask(kWrite), Fault::none);
}

}  // namespace

}  // namespace ferrule::modbus

// How long a unit is held off after a lost answer: as late as its answers were seen to be, whenever somebody read them.
#include <gtest/gtest.h>

#include "modbus/line.h"
#include "modbus/read_plan.h"
#include "tests/fakes/scripted_device.h"
#include "tests/fakes/virtual_line.h"

namespace ferrule::modbus {

namespace {

using namespace std::chrono_literals;

constexpr Duration kWaited = 300ms;
const Question kFirst{.unit = 1, .function = Function::read_holding, .address = 0, .count = 6};
const Question kOther{.unit = 1, .function = Function::read_holding, .address = 1000, .count = 1};
const Question kNeighbour{.unit = 2, .function = Function::read_holding, .address = 0, .count = 6};

// An RTU line with units that answer after `latency`, except that unit 1 takes `late` once for register 1000, or loses it.
class LateLine {
 public:
  LateLine() : context_{.clock = clock, .names = names_, .stop = stop_} {
    auto stream = std::make_unique<VirtualLine>(clock, [this](VirtualLine& line, std::span<const uint8_t> request) {
      const bool other = request[0] == 1 && request[2] != 0;
      const auto after = other ? std::exchange(late, std::optional<Duration>(10ms)) : 10ms;
      if (!after) return;
      line.arrive(rtu_frame(read_answer(request[0], request[1], std::vector<uint16_t>(request[5], 7))), *after);
    });
    line_ = make_rtu_line(std::move(stream),
                          {.silence = 2ms, .error_silence = 20ms, .pauses = {}, .late = LateWindows(2 * kWaited)}, context_);
    EXPECT_TRUE(line_->connect(clock.now() + 1s).ok());
  }
  Fault ask(const Question& question) { return line_->ask(question, read_pdu(question), clock.now() + kWaited).status.fault(); }
  // After an answer to kOther was lost: how long kFirst, which could be mistaken for it, waits.
  Duration held_off() {
    late = std::nullopt;
    const MonoTime sent = clock.now();
    EXPECT_EQ(ask(kOther), Fault::timeout);
    return line_->free_at(kFirst, clock.now()) - sent;
  }

  ManualClock clock;
  std::optional<Duration> late = 10ms;

 private:
  Names names_;
  StopSignal stop_;
  ChannelContext context_;
  std::unique_ptr<Line> line_;
};

TEST(LateWindow, an_answer_that_lay_unread_until_the_next_poll_does_not_count_as_so_late) {
  LateLine line;
  line.late = 400ms;
  EXPECT_EQ(line.ask(kOther), Fault::timeout);
  line.clock.advance(4s);
  EXPECT_EQ(line.ask(kFirst), Fault::none);
  line.clock.advance(10s);
  EXPECT_LE(line.held_off(), 2 * kWaited + 30ms);
}

TEST(LateWindow, an_answer_that_comes_while_a_neighbour_is_waited_for_counts_as_late_as_it_was) {
  LateLine line;
  line.late = 800ms;
  EXPECT_EQ(line.ask(kOther), Fault::timeout);
  line.clock.advance(495ms);
  EXPECT_EQ(line.ask(kNeighbour), Fault::none);
  line.clock.advance(10s);
  const Duration held = line.held_off();
  EXPECT_GE(held, 1s) << "a quarter more than 800 ms";
  EXPECT_LE(held, 1030ms);
}

}  // namespace

}  // namespace ferrule::modbus

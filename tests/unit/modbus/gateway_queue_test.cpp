#include "modbus/gateway_queue.h"

#include <gtest/gtest.h>

#include "modbus/line.h"
#include "modbus/read_plan.h"
#include "tests/fakes/scripted_device.h"
#include "tests/fakes/virtual_line.h"

namespace ferrule::modbus {

namespace {

using namespace std::chrono_literals;

constexpr MonoTime kBegun{1h};

TEST(GatewayQueue, before_the_gateway_gave_up_on_a_unit_nobody_waits) {
  GatewayQueue queue;
  queue.asked(1, kBegun);
  EXPECT_EQ(queue.free_at(kBegun + 1s), kBegun + 1s);
  EXPECT_TRUE(queue.came(1, false, kBegun + 2s));
  queue.asked(2, kBegun + 3s);
  EXPECT_EQ(queue.free_at(kBegun + 4s), kBegun + 4s);
}

TEST(GatewayQueue, questions_stand_in_line_for_as_long_as_it_took_to_give_up_the_last) {
  GatewayQueue queue;
  for (const uint16_t transaction : {1, 2, 3}) queue.asked(transaction, kBegun + (transaction - 1) * 1s);
  EXPECT_TRUE(queue.came(1, true, kBegun + 2500ms));
  EXPECT_EQ(queue.free_at(kBegun + 3s), kBegun + 7500ms);
  EXPECT_TRUE(queue.came(2, true, kBegun + 5s)) << "which was begun with at 2.5 s";
  EXPECT_EQ(queue.free_at(kBegun + 5s), kBegun + 7500ms);
  EXPECT_TRUE(queue.came(3, true, kBegun + 7500ms));
  EXPECT_EQ(queue.free_at(kBegun + 8s), kBegun + 8s);
}

TEST(GatewayQueue, an_answer_settles_what_was_asked_before_it_and_strangers_settle_nothing) {
  GatewayQueue queue;
  queue.asked(1, kBegun);
  EXPECT_TRUE(queue.came(1, true, kBegun + 1s));
  queue.asked(2, kBegun + 2s);
  queue.asked(3, kBegun + 2s);
  EXPECT_FALSE(queue.came(9, true, kBegun + 2s));
  EXPECT_EQ(queue.free_at(kBegun + 2s), kBegun + 4s);
  EXPECT_TRUE(queue.came(3, false, kBegun + 2100ms));
  EXPECT_TRUE(queue.empty());
  EXPECT_FALSE(queue.came(2, true, kBegun + 9s));
}

TEST(GatewayQueue, what_lay_unread_settles_its_question_and_teaches_nothing) {
  GatewayQueue queue;
  queue.asked(1, kBegun);
  EXPECT_TRUE(queue.came(1, true, std::nullopt));
  queue.asked(2, kBegun + 10s);
  EXPECT_EQ(queue.free_at(kBegun + 10s), kBegun + 10s);
}

TEST(GatewayQueue, what_it_remembers_and_how_long_it_is_believed_busy_is_bounded) {
  GatewayQueue queue;
  queue.asked(1, kBegun);
  EXPECT_TRUE(queue.came(1, true, kBegun + 1h));
  const MonoTime now = kBegun + 1h;
  for (uint16_t transaction = 2; transaction < 1000; ++transaction) queue.asked(transaction, now);
  EXPECT_EQ(queue.free_at(now), now + GatewayQueue::kMost);
  queue.forget();
  EXPECT_EQ(queue.free_at(now), now);
}

// Unit 1 answers after 20 ms, unit 2 is dead: the gateway says so after 2.5 s.
TEST(GatewayQueue, on_the_line_nobody_is_asked_while_it_waits_longer_for_a_silent_unit_than_we_did) {
  ManualClock clock;
  const Names names;
  const StopSignal stop;
  const ChannelContext context{.clock = clock, .names = names, .stop = stop};
  MonoTime free;
  auto stream = std::make_unique<VirtualLine>(clock, [&](VirtualLine& line, std::span<const uint8_t> request) {
    const bool dead = request[6] == 2;
    free = std::max(clock.now(), free) + (dead ? 2500ms : 20ms);
    const Bytes body = dead ? Bytes{2, 0x83, 11} : read_answer(1, 3, {7});
    line.arrive(tcp_frame(static_cast<uint16_t>(request[0] << 8 | request[1]), body), free - clock.now());
  });
  const auto line = make_tcp_line(std::move(stream), {}, context);
  ASSERT_TRUE(line->connect(clock.now() + 1s).ok());
  const auto ask = [&](uint8_t unit) {
    const Question question{.unit = unit, .function = Function::read_holding, .address = 0, .count = 1};
    return line->ask(question, read_pdu(question), clock.now() + 1s).status.fault();
  };
  const auto busy = [&] { return line->free_at({}, clock.now()) - clock.now(); };
  EXPECT_EQ(ask(2), Fault::timeout);
  EXPECT_EQ(busy(), 0s) << "nothing is known yet";
  EXPECT_EQ(ask(1), Fault::timeout) << "its answer stands behind the silence";
  EXPECT_EQ(ask(1), Fault::none);
  EXPECT_EQ(busy(), 0s);
  EXPECT_EQ(ask(2), Fault::timeout);
  EXPECT_EQ(busy(), 1500ms);
  clock.advance(busy());
  EXPECT_EQ(ask(1), Fault::none);
}

}  // namespace

}  // namespace ferrule::modbus

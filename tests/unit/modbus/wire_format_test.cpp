#include "modbus/wire_format.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <thread>

#include "tests/fakes/scripted_device.h"

namespace ferrule::modbus {

namespace {

Bytes bytes_of(const Result<std::span<const uint8_t>>& result) {
  if (!result.ok()) return {};
  return {result->begin(), result->end()};
}

const Bytes kAsk{3, 0, 100, 0, 2};
const Bytes kAnswer = read_answer(5, 3, {0x1234, 0x5678});

TEST(ModbusWireFormat, composes_a_tcp_frame_with_its_own_transaction_id) {
  const auto format = std::move(*WireFormat::make(Framing::tcp));
  EXPECT_EQ(bytes_of(format->compose(0x0102, 5, kAsk)), (Bytes{1, 2, 0, 0, 0, 6, 5, 3, 0, 100, 0, 2}));
  EXPECT_EQ(bytes_of(format->compose(0x0103, 255, kAsk)), (Bytes{1, 3, 0, 0, 0, 6, 255, 3, 0, 100, 0, 2}));
}

TEST(ModbusWireFormat, composes_an_rtu_frame_with_the_right_checksum) {
  const auto format = std::move(*WireFormat::make(Framing::rtu));
  EXPECT_EQ(bytes_of(format->compose(0, 5, kAsk)), rtu_frame({5, 3, 0, 100, 0, 2}));
}

TEST(ModbusWireFormat, takes_a_tcp_frame_apart) {
  const auto format = std::move(*WireFormat::make(Framing::tcp));
  EXPECT_EQ(bytes_of(format->take_apart(tcp_frame(9, kAnswer))), (Bytes{3, 4, 0x12, 0x34, 0x56, 0x78}));
  EXPECT_EQ(bytes_of(format->take_apart(tcp_frame(9, {5, 0x83, 2}))), (Bytes{0x83, 2}));
}

TEST(ModbusWireFormat, refuses_an_rtu_frame_with_any_bit_turned) {
  const auto format = std::move(*WireFormat::make(Framing::rtu));
  const Bytes good = rtu_frame(kAnswer);
  ASSERT_EQ(bytes_of(format->take_apart(good)), (Bytes{3, 4, 0x12, 0x34, 0x56, 0x78}));
  for (size_t bit = 24; bit < good.size() * 8; ++bit) {  // unit, function and byte count are judged before
    Bytes damaged = good;
    damaged[bit / 8] ^= static_cast<uint8_t>(1 << (bit % 8));
    EXPECT_FALSE(format->take_apart(damaged).ok()) << bit;
  }
  EXPECT_TRUE(format->take_apart(good).ok()) << "a refused frame must leave nothing behind";
}

TEST(ModbusWireFormat, a_frame_whose_length_lies_costs_no_time_and_leaves_nothing_behind) {
  const auto format = std::move(*WireFormat::make(Framing::tcp));
  EXPECT_FALSE(format->take_apart(tcp_frame(9, {5, 3, 250, 1, 2})).ok());
  EXPECT_FALSE(format->take_apart(tcp_frame(9, {5, 3, 2, 1, 2, 3, 4})).ok());
  EXPECT_FALSE(format->take_apart(Bytes{1}).ok());
  EXPECT_FALSE(format->take_apart(Bytes(300)).ok());
  EXPECT_TRUE(format->take_apart(tcp_frame(9, kAnswer)).ok());
}

TEST(ModbusWireFormat, units_that_no_serial_line_has_are_refused) {
  const auto format = std::move(*WireFormat::make(Framing::rtu));
  EXPECT_FALSE(format->take_apart(rtu_frame(read_answer(248, 3, {1}))).ok());
}

TEST(ModbusWireFormat, works_while_the_process_holds_more_than_1024_descriptors) {
  ASSERT_TRUE(reserve_bench().ok());
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = std::min<rlim_t>(limit.rlim_max, 4096);
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &limit), 0);
  std::vector<int> held;
  while (held.empty() || held.back() < 1100) {
    held.push_back(dup(0));
    ASSERT_GE(held.back(), 0);
  }
  const auto format = std::move(*WireFormat::make(Framing::tcp));
  EXPECT_TRUE(format->compose(1, 5, kAsk).ok());
  EXPECT_TRUE(format->take_apart(tcp_frame(1, kAnswer)).ok());
  for (const int fd : held) close(fd);
}

TEST(ModbusWireFormat, many_threads_share_the_bench_without_mixing_their_frames) {
  std::atomic<int> wrong{0};
  std::vector<std::thread> threads;
  for (uint8_t unit = 1; unit <= 8; ++unit) {
    threads.emplace_back([unit, &wrong] {
      const auto format = std::move(*WireFormat::make(unit % 2 == 0 ? Framing::rtu : Framing::tcp));
      const Bytes body = read_answer(unit, 3, {unit, uint16_t(unit * 3)});
      for (int turn = 0; turn < 500; ++turn) {
        const bool rtu = unit % 2 == 0;
        const auto composed = format->compose(unit, unit, kAsk);
        if (!composed.ok() || (*composed)[rtu ? 0 : 6] != unit) ++wrong;
        const auto pdu = format->take_apart(rtu ? rtu_frame(body) : tcp_frame(unit, body));
        if (bytes_of(pdu) != Bytes(body.begin() + 1, body.end())) ++wrong;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
}

}  // namespace

}  // namespace ferrule::modbus

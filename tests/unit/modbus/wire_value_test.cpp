#include "drivers_common/wire_value.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <limits>
#include <random>

namespace ferrule {

namespace {

constexpr std::array kOrders{ByteOrder::abcd, ByteOrder::cdab, ByteOrder::badc, ByteOrder::dcba};
constexpr std::array kNumbers{WireType::int16, WireType::uint16, WireType::int32,   WireType::uint32,
                              WireType::int64, WireType::uint64, WireType::float32, WireType::float64};

std::vector<uint8_t> encoded(WireType type, ByteOrder order, const Value& value, size_t size = 0) {
  std::vector<uint8_t> bytes(size == 0 ? wire_size(type) : size);
  const Status status = encode(type, order, value, bytes);
  EXPECT_TRUE(status.ok()) << status.what();
  return bytes;
}

struct Known {
  WireType type;
  ByteOrder order;
  std::vector<uint8_t> bytes;
  Value value;
};

TEST(WireValue, known_bytes_mean_known_values_both_ways) {
  const std::vector<Known> table{
      {WireType::uint16, ByteOrder::abcd, {0x12, 0x34}, uint64_t{0x1234}},
      {WireType::uint16, ByteOrder::cdab, {0x12, 0x34}, uint64_t{0x1234}},
      {WireType::uint16, ByteOrder::badc, {0x34, 0x12}, uint64_t{0x1234}},
      {WireType::uint16, ByteOrder::dcba, {0x34, 0x12}, uint64_t{0x1234}},
      {WireType::int16, ByteOrder::abcd, {0xff, 0xfe}, int64_t{-2}},
      {WireType::uint32, ByteOrder::abcd, {0xa1, 0xb2, 0xc3, 0xd4}, uint64_t{0xa1b2c3d4}},
      {WireType::uint32, ByteOrder::cdab, {0xc3, 0xd4, 0xa1, 0xb2}, uint64_t{0xa1b2c3d4}},
      {WireType::uint32, ByteOrder::badc, {0xb2, 0xa1, 0xd4, 0xc3}, uint64_t{0xa1b2c3d4}},
      {WireType::uint32, ByteOrder::dcba, {0xd4, 0xc3, 0xb2, 0xa1}, uint64_t{0xa1b2c3d4}},
      {WireType::int32, ByteOrder::abcd, {0xff, 0xff, 0xff, 0xff}, int64_t{-1}},
      {WireType::uint64, ByteOrder::abcd, {1, 2, 3, 4, 5, 6, 7, 8}, uint64_t{0x0102030405060708}},
      {WireType::uint64, ByteOrder::cdab, {7, 8, 5, 6, 3, 4, 1, 2}, uint64_t{0x0102030405060708}},
      {WireType::uint64, ByteOrder::badc, {2, 1, 4, 3, 6, 5, 8, 7}, uint64_t{0x0102030405060708}},
      {WireType::uint64, ByteOrder::dcba, {8, 7, 6, 5, 4, 3, 2, 1}, uint64_t{0x0102030405060708}},
      {WireType::float32, ByteOrder::abcd, {0x43, 0x66, 0x19, 0x9a}, 230.1f},
      {WireType::float32, ByteOrder::cdab, {0x19, 0x9a, 0x43, 0x66}, 230.1f},
      {WireType::float64, ByteOrder::abcd, {0x3f, 0xf8, 0, 0, 0, 0, 0, 0}, 1.5},
      {WireType::text, ByteOrder::abcd, {'P', 'U', 'M', 'P', '1', 0}, Value::text("PUMP1")},
      {WireType::text, ByteOrder::cdab, {'P', 'U', 'M', 'P', '1', 0}, Value::text("PUMP1")},
      {WireType::text, ByteOrder::badc, {'U', 'P', 'P', 'M', 0, '1'}, Value::text("PUMP1")},
  };
  for (const Known& known : table) {
    EXPECT_EQ(decode(known.type, known.order, known.bytes), known.value) << to_text(known.type);
    EXPECT_EQ(encoded(known.type, known.order, known.value, known.bytes.size()), known.bytes) << to_text(known.type);
  }
}

TEST(WireValue, any_bytes_survive_the_round_trip) {
  std::mt19937 random(20261121);
  for (int turn = 0; turn < 20000; ++turn) {
    const WireType type = kNumbers[random() % kNumbers.size()];
    const ByteOrder order = kOrders[random() % kOrders.size()];
    std::vector<uint8_t> bytes(wire_size(type));
    for (uint8_t& byte : bytes) byte = static_cast<uint8_t>(random());
    const Value value = decode(type, order, bytes);
    if (!std::isfinite(value.number().value_or(0))) continue;  // never written
    ASSERT_EQ(encoded(type, order, value), bytes) << to_text(type);
  }
}

TEST(WireValue, not_a_number_is_passed_on_when_read_and_refused_when_written) {
  const std::vector<uint8_t> bytes{0x7f, 0xc0, 0, 0};
  EXPECT_TRUE(std::isnan(decode(WireType::float32, ByteOrder::abcd, bytes).as_float()));
  std::vector<uint8_t> out(4);
  EXPECT_FALSE(encode(WireType::float32, ByteOrder::abcd, Value(std::nan("")), out).ok());
  EXPECT_FALSE(encode(WireType::int32, ByteOrder::abcd, Value(std::nan("")), out).ok());
  EXPECT_FALSE(encode(WireType::float32, ByteOrder::abcd, Value(1e39), out).ok());
}

TEST(WireValue, what_does_not_fit_is_refused_at_its_exact_border) {
  struct Border {
    WireType type;
    Value fits, does_not;
  };
  const std::vector<Border> table{
      {WireType::int16, int64_t{-32768}, int64_t{-32769}},
      {WireType::int16, int64_t{32767}, int64_t{32768}},
      {WireType::int16, 32767.4, 32767.5},
      {WireType::uint16, uint64_t{65535}, uint64_t{65536}},
      {WireType::uint16, -0.4, -0.5},
      {WireType::uint16, int64_t{0}, int64_t{-1}},
      {WireType::int32, -2147483648.0, -2147483649.0},
      {WireType::uint32, 4294967295.0, 4294967296.0},
      {WireType::int64, -9223372036854775808.0, 9223372036854775808.0},
      {WireType::int64, uint64_t{9223372036854775807u}, uint64_t{9223372036854775808u}},
      {WireType::uint64, std::numeric_limits<uint64_t>::max(), 18446744073709551616.0},
      {WireType::uint64, int64_t{0}, int64_t{-1}},
      {WireType::boolean, true, int64_t{2}},
  };
  for (const Border& border : table) {
    std::vector<uint8_t> out(wire_size(border.type));
    EXPECT_TRUE(encode(border.type, ByteOrder::abcd, border.fits, out).ok())
        << to_text(border.type) << " " << to_text(border.fits);
    const Status status = encode(border.type, ByteOrder::abcd, border.does_not, out);
    EXPECT_EQ(status.fault(), Fault::invalid) << to_text(border.type) << " " << to_text(border.does_not);
  }
}

TEST(WireValue, a_scaled_back_number_is_rounded_not_cut) {
  EXPECT_EQ(encoded(WireType::int16, ByteOrder::abcd, Value(649.9999999)),
            encoded(WireType::int16, ByteOrder::abcd, Value(int64_t{650})));
}

TEST(WireValue, a_text_that_is_too_long_or_no_text_is_refused) {
  std::vector<uint8_t> out(4);
  EXPECT_FALSE(encode(WireType::text, ByteOrder::abcd, Value::text("PUMP1"), out).ok());
  EXPECT_FALSE(encode(WireType::text, ByteOrder::abcd, Value(int64_t{1}), out).ok());
  EXPECT_FALSE(encode(WireType::uint16, ByteOrder::abcd, Value::text("1"), std::span(out).first(2)).ok());
}

}  // namespace

}  // namespace ferrule

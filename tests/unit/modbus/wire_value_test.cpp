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
                              WireType::int64, WireType::uint64, WireType::float32, WireType::float64,
                              WireType::bcd16, WireType::bcd32,  WireType::bcd64};
constexpr std::array kWholeNumbers{WireType::int16,  WireType::uint16, WireType::int32, WireType::uint32, WireType::int64,
                                   WireType::uint64, WireType::bcd16,  WireType::bcd32, WireType::bcd64};

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
      {WireType::bcd16, ByteOrder::abcd, {0x12, 0x34}, uint64_t{1234}},
      {WireType::bcd32, ByteOrder::cdab, {0x56, 0x78, 0x12, 0x34}, uint64_t{12345678}},
      {WireType::bcd64, ByteOrder::abcd, {0x99, 0x99, 0x99, 0x99, 0x99, 0x99, 0x99, 0x99}, uint64_t{9999999999999999}},
      {WireType::mod10k32, ByteOrder::abcd, {0x04, 0xd2, 0x16, 0x2e}, int64_t{12345678}},
      {WireType::mod10k32, ByteOrder::cdab, {0x16, 0x2e, 0x04, 0xd2}, int64_t{12345678}},
      {WireType::mod10k48, ByteOrder::cdab, {0x27, 0x0f, 0, 0, 0, 7}, int64_t{700009999}},
      {WireType::mod10k64, ByteOrder::abcd, {0xff, 0xff, 0, 0, 0, 0, 0xd8, 0xf1}, int64_t{-1000000009999}},
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
    if (value.empty() || !std::isfinite(*value.number())) continue;  // never written
    ASSERT_EQ(encoded(type, order, value), bytes) << to_text(type);
  }
}

int64_t power_of_ten(int digits) { return digits == 0 ? 1 : 10 * power_of_ten(digits - 1); }

TEST(WireValue, any_decimal_number_survives_the_round_trip) {
  struct Decimal {
    WireType type;
    int digits;
    bool negative;
  };
  const std::array decimals{Decimal{WireType::bcd16, 4, false},    Decimal{WireType::bcd32, 8, false},
                            Decimal{WireType::bcd64, 16, false},   Decimal{WireType::mod10k32, 8, true},
                            Decimal{WireType::mod10k48, 12, true}, Decimal{WireType::mod10k64, 16, true}};
  std::mt19937_64 random(20261122);
  for (int turn = 0; turn < 20000; ++turn) {
    const Decimal& decimal = decimals[random() % decimals.size()];
    const ByteOrder order = kOrders[random() % kOrders.size()];
    auto number = static_cast<int64_t>(random() % static_cast<uint64_t>(power_of_ten(decimal.digits)));
    if (decimal.negative && random() % 2 == 0) number = -number;
    const Value read = decode(decimal.type, order, encoded(decimal.type, order, Value(number)));
    ASSERT_EQ(read.number(), Value(number).number()) << to_text(decimal.type) << " " << number;
  }
}

TEST(WireValue, decimal_digits_that_are_none_make_no_value) {
  EXPECT_TRUE(decode(WireType::bcd16, ByteOrder::abcd, std::vector<uint8_t>{0x12, 0x3a}).empty());
  EXPECT_TRUE(decode(WireType::bcd64, ByteOrder::abcd, std::vector<uint8_t>{0xf0, 0, 0, 0, 0, 0, 0, 0}).empty());
  EXPECT_TRUE(decode(WireType::mod10k32, ByteOrder::abcd, std::vector<uint8_t>{0, 0, 0x27, 0x10}).empty());
  EXPECT_TRUE(decode(WireType::mod10k32, ByteOrder::abcd, std::vector<uint8_t>{0x80, 0, 0, 0}).empty());
}

struct Part {
  WireType type;
  BitField field;
  std::vector<uint8_t> bytes;  // as read
  Value value;
  std::vector<uint8_t> written;
};

TEST(WireValue, a_part_of_the_bits_is_a_number_of_its_own_both_ways) {
  const std::vector<Part> table{
      {WireType::uint16, {.mask = 0x00f0, .shift = 4}, {0xab, 0xcd}, uint64_t{0xc}, {0x00, 0xc0}},
      {WireType::uint16, {.mask = 0x0fff}, {0xab, 0xcd}, uint64_t{0xbcd}, {0x0b, 0xcd}},
      {WireType::int16, {.mask = 0x0fff}, {0x1f, 0xff}, int64_t{-1}, {0x0f, 0xff}},
      {WireType::int16, {.mask = 0xf000, .shift = 12}, {0x80, 0x01}, int64_t{-8}, {0x80, 0x00}},
      {WireType::uint32, {.mask = 0x0fff0000, .shift = 16}, {0x12, 0x34, 0x56, 0x78}, uint64_t{0x234}, {0x02, 0x34, 0, 0}},
      {WireType::bcd16, {.mask = 0xff00, .shift = 8}, {0x23, 0xff}, uint64_t{23}, {0x23, 0x00}},
      {WireType::uint64,
       {.mask = 1ull << 63, .shift = 63},
       {0x80, 0, 0, 0, 0, 0, 0, 1},
       uint64_t{1},
       {0x80, 0, 0, 0, 0, 0, 0, 0}},
  };
  for (const Part& part : table) {
    EXPECT_EQ(decode(part.type, ByteOrder::abcd, part.bytes, part.field), part.value) << to_text(part.type);
    std::vector<uint8_t> out(part.bytes.size());
    ASSERT_TRUE(encode(part.type, ByteOrder::abcd, part.value, out, part.field).ok()) << to_text(part.type);
    EXPECT_EQ(out, part.written) << to_text(part.type);
  }
}

TEST(WireValue, any_part_of_any_number_survives_the_round_trip_and_touches_no_other_bit) {
  std::mt19937_64 random(20261123);
  for (int turn = 0; turn < 20000; ++turn) {
    const WireType type = kWholeNumbers[random() % kWholeNumbers.size()];
    const ByteOrder order = kOrders[random() % kOrders.size()];
    const size_t bits = 8 * wire_size(type);
    const auto shift = static_cast<uint8_t>(random() % bits);
    const BitField field{.mask = ~uint64_t{0} >> (64 - 1 - random() % (bits - shift)) << shift, .shift = shift};
    std::vector<uint8_t> bytes(wire_size(type));
    for (uint8_t& byte : bytes) byte = static_cast<uint8_t>(random());
    const Value value = decode(type, order, bytes, field);
    if (value.empty()) continue;  // a bcd digit above 9
    std::vector<uint8_t> out(bytes.size());
    ASSERT_TRUE(encode(type, order, value, out, field).ok()) << to_text(type) << " " << to_text(value);
    ASSERT_EQ(decode(type, order, out, field), value) << to_text(type);
    const BitField others{.mask = ~field.mask};
    const WireType pattern = bits == 16 ? WireType::uint16 : bits == 32 ? WireType::uint32 : WireType::uint64;
    ASSERT_EQ(decode(pattern, order, out, others), Value(uint64_t{0})) << to_text(type);
  }
}

TEST(WireValue, a_part_refuses_what_its_bits_do_not_hold) {
  std::vector<uint8_t> out(2);
  const BitField four{.mask = 0xf0, .shift = 4};
  EXPECT_TRUE(encode(WireType::uint16, ByteOrder::abcd, uint64_t{15}, out, four).ok());
  EXPECT_FALSE(encode(WireType::uint16, ByteOrder::abcd, uint64_t{16}, out, four).ok());
  EXPECT_TRUE(encode(WireType::int16, ByteOrder::abcd, int64_t{-8}, out, four).ok());
  EXPECT_FALSE(encode(WireType::int16, ByteOrder::abcd, int64_t{-9}, out, four).ok());
  EXPECT_FALSE(encode(WireType::int16, ByteOrder::abcd, int64_t{8}, out, four).ok());
  EXPECT_FALSE(encode(WireType::uint16, ByteOrder::abcd, uint64_t{2}, out, BitField{.mask = 0b101}).ok());
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
      {WireType::bcd16, int64_t{9999}, int64_t{10000}},
      {WireType::bcd32, uint64_t{99999999}, int64_t{-1}},
      {WireType::bcd64, uint64_t{9999999999999999}, uint64_t{10000000000000000}},
      {WireType::mod10k32, int64_t{-99999999}, int64_t{-100000000}},
      {WireType::mod10k48, 999999999999.0, 1000000000000.0},
      {WireType::mod10k64, int64_t{9999999999999999}, int64_t{10000000000000000}},
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

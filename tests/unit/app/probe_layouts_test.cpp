#include "app/probe_layouts.h"

#include <gtest/gtest.h>

#include <array>
#include <random>

namespace ferrule {

namespace {

Expected expected(const std::string& text, const std::string& within = "") {
  const auto parsed = parse_expected(text, within);
  EXPECT_TRUE(parsed.ok()) << parsed.status().what();
  return parsed.ok() ? *parsed : Expected{};
}

TEST(ProbeExpect, half_of_the_last_digit_is_allowed_unless_somebody_says_otherwise) {
  EXPECT_NEAR(expected("230.1").within, 0.05, 1e-6);
  EXPECT_NEAR(expected("230").within, 0.5, 1e-6);
  EXPECT_NEAR(expected("2.3e2").within, 5, 1e-5);
  EXPECT_NEAR(expected("2301e-1").within, 0.05, 1e-6);
  EXPECT_NEAR(expected("1.5E+3").within, 50, 1e-4);
  EXPECT_NEAR(expected("230", "2").within, 2, 1e-9);
  EXPECT_NEAR(expected("-200", "1%").within, 2, 1e-9);
  for (const char* wrong : {"", "x", "230,1", "1e999", "230.1V"}) EXPECT_FALSE(parse_expected(wrong, "").ok()) << wrong;
  for (const char* wrong : {"x", "-1", "%"}) EXPECT_FALSE(parse_expected("1", wrong).ok()) << wrong;
}

struct Case {
  WireType type;
  ByteOrder order;
  double scale;
  Value raw;
  std::string seen;
};

// Between registers that mean nothing.
TEST(ProbeExpect, the_right_layout_comes_first_wherever_it_stands) {
  const std::array cases{
      Case{WireType::float32, ByteOrder::abcd, 1, Value(230.1f), "230.1"},
      Case{WireType::float32, ByteOrder::cdab, 1, Value(230.1f), "230.1"},
      Case{WireType::float32, ByteOrder::badc, 1, Value(230.1f), "230.1"},
      Case{WireType::float32, ByteOrder::dcba, 1, Value(230.1f), "230.1"},
      Case{WireType::uint16, ByteOrder::abcd, 0.1, Value(uint64_t{2301}), "230.1"},
      Case{WireType::uint16, ByteOrder::badc, 0.1, Value(uint64_t{2301}), "230.1"},
      Case{WireType::int16, ByteOrder::abcd, 0.1, Value(int64_t{-405}), "-40.5"},
      Case{WireType::int32, ByteOrder::cdab, 0.01, Value(int64_t{-4520733}), "-45207.33"},
      Case{WireType::uint32, ByteOrder::abcd, 0.001, Value(uint64_t{123456789}), "123456.789"},
      Case{WireType::float64, ByteOrder::cdab, 1, Value(12345.678), "12345.678"},
      Case{WireType::bcd32, ByteOrder::abcd, 1, Value(uint64_t{87654321}), "87654321"},
      Case{WireType::mod10k32, ByteOrder::cdab, 1, Value(int64_t{12345678}), "12345678"},
  };
  for (const Case& one : cases) {
    std::vector<uint8_t> bytes(20, 0x11);
    ASSERT_TRUE(encode(one.type, one.order, one.raw, std::span(bytes).subspan(6, wire_size(one.type))).ok());
    const auto found = layouts_giving(bytes, expected(one.seen));
    ASSERT_FALSE(found.empty()) << to_text(one.type) << " " << one.seen;
    EXPECT_EQ(found[0].offset, 3u) << to_text(one.type) << " " << one.seen;
    EXPECT_EQ(found[0].type, one.type) << to_text(found[0].type);
    EXPECT_EQ(found[0].order, one.order) << to_text(one.type);
    EXPECT_EQ(found[0].scale, one.scale) << to_text(one.type);
  }
}

TEST(ProbeExpect, every_layout_told_gives_the_number_and_noise_gives_few) {
  std::mt19937 random(20261121);
  size_t told = 0;
  for (int turn = 0; turn < 200; ++turn) {
    std::vector<uint8_t> bytes(40);
    for (uint8_t& byte : bytes) byte = static_cast<uint8_t>(random());
    const Expected wanted = expected("230.1");
    for (const Layout& layout : layouts_giving(bytes, wanted)) {
      EXPECT_NEAR(layout.value, wanted.number, wanted.within);
      const auto part = std::span(bytes).subspan(2 * layout.offset, wire_size(layout.type));
      EXPECT_NEAR(*decode(layout.type, layout.order, part).number() * layout.scale, layout.value, 1e-6);
      ++told;
    }
  }
  EXPECT_LT(told, 200u);
}

TEST(ProbeReadings, each_reading_is_there_once_and_a_register_has_no_word_order) {
  const std::vector<uint8_t> bytes{0x43, 0x66, 0x19, 0x9a};
  size_t floats = 0, words = 0;
  for (const Reading& reading : readings_at(bytes, 0)) {
    if (reading.type == "float32" && reading.order == "ABCD") {
      EXPECT_EQ(reading.value, "230.1");
    }
    floats += reading.type == "float32" ? 1 : 0;
    words += reading.type == "uint16" ? 1 : 0;
  }
  EXPECT_EQ(floats, 4u);
  EXPECT_EQ(words, 2u);
  EXPECT_FALSE(readings_at(bytes, 1).empty());
  EXPECT_TRUE(readings_at(bytes, 2).empty());
}

}  // namespace

}  // namespace ferrule

#include "drivers_common/message_template.h"

#include <gmock/gmock.h>

#include <limits>

#include "drivers_common/field_type.h"
#include "tests/fakes/frame_catcher.h"

namespace ferrule {

namespace {

struct Case {
  std::string_view text;
  Value value;
  std::string_view wanted;
};

std::string filled(std::string_view text, const Value& value) {
  const auto parsed = MessageTemplate::parse(text);
  if (!parsed.ok()) return "cannot parse: " + parsed.status().what();
  const auto bytes = parsed->fill({.unit = int64_t{7}, .id = Value::text("A17"), .value = value});
  return bytes.ok() ? std::string(bytes->begin(), bytes->end()) : "cannot fill: " + bytes.status().what();
}

TEST(MessageTemplate, values_are_filled_in) {
  const Case cases[] = {
      {"SI", {}, "SI"},
      {"\\x02{unit:02}RD\\r",
       {},
       "\x02"
       "07RD\r"},
      {"{id}:{unit}", {}, "A17:7"},
      {"Z {value}", 12.5, "Z 12.5"},
      {"{value:05}", int64_t{-42}, "-0042"},
      {"{value:04X}", int64_t{48879}, "BEEF"},
      {"{value:04x}", 255.4, "00ff"},
      {"{value:u16}", int64_t{258}, "\x01\x02"},
      {"{value:u16le}", int64_t{258}, "\x02\x01"},
      {"{value:i16}", int64_t{-2}, "\xff\xfe"},
      {"{value:f32}", 123.45, "\x42\xf6\xe6\x66"},
      {"{{{value}}", true, "{true}"},
  };
  for (const Case& one : cases) EXPECT_EQ(filled(one.text, one.value), one.wanted) << one.text;
}

TEST(MessageTemplate, what_cannot_be_is_refused) {
  for (const std::string_view wrong : {"{valu}", "{value:}", "{value:q}", "{value", "{value:99}", "\\q"}) {
    EXPECT_FALSE(check_template(wrong).ok()) << wrong;
  }
  EXPECT_THAT(filled("{value:u8}", int64_t{256}), testing::HasSubstr("does not fit"));
  EXPECT_THAT(filled("{value:u8}", Value::text("x")), testing::HasSubstr("does not fit"));
  EXPECT_THAT(filled("{value:02X}", int64_t{-1}), testing::HasSubstr("does not fit"));
  for (const double none : {std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity(), 1e300}) {
    EXPECT_THAT(filled("{value:u32}", none), testing::HasSubstr("does not fit")) << none;
    EXPECT_THAT(filled("{value:05}", none), testing::HasSubstr("does not fit")) << none;
  }
}

TEST(FieldType, whole_numbers_of_64_bits_may_come_as_fractions) {
  EXPECT_EQ(value_as(Value(0x1p63), FieldType::uint64), Value(uint64_t{1} << 63));
  EXPECT_EQ(value_as(Value(-0x1p63), FieldType::int64), Value(std::numeric_limits<int64_t>::min()));
  EXPECT_FALSE(value_as(Value(0x1p63), FieldType::int64));
  EXPECT_FALSE(value_as(Value(0x1p64), FieldType::uint64));
}

}  // namespace

}  // namespace ferrule

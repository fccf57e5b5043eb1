#include "host/write_path.h"

#include <gtest/gtest.h>

namespace ferrule {
namespace {

TagSettings setpoint() {
  TagSettings tag;
  tag.scale = 0.1;
  tag.offset = -10;
  tag.writable = true;
  tag.write = {20, 90};
  return tag;
}

TEST(RawValue, undoes_scale_and_offset) {
  const auto raw = raw_value(setpoint(), Value(65.0));
  ASSERT_TRUE(raw.ok());
  EXPECT_DOUBLE_EQ(*raw->number(), 750.0);
}

TEST(RawValue, refuses_what_is_outside_the_range_and_names_the_range) {
  for (const double wrong : {19.9, 90.1, -1e9, 1e300}) {
    const auto raw = raw_value(setpoint(), Value(wrong));
    ASSERT_FALSE(raw.ok()) << wrong;
    EXPECT_NE(raw.status().what().find("20 to 90"), std::string::npos) << raw.status().what();
  }
}

TEST(RawValue, refuses_not_a_number) {
  EXPECT_FALSE(raw_value(setpoint(), Value(std::numeric_limits<double>::quiet_NaN())).ok());
}

TEST(RawValue, keeps_an_integer_that_needs_no_scaling) {
  TagSettings tag;
  const auto raw = raw_value(tag, Value(uint64_t{18446744073709551615u}));
  ASSERT_TRUE(raw.ok());
  EXPECT_EQ(*raw, Value(uint64_t{18446744073709551615u}));
}

TEST(RawValue, takes_the_label_of_an_enumeration) {
  TagSettings mode;
  mode.labels = {{0, "off"}, {1, "auto"}};
  ASSERT_TRUE(raw_value(mode, Value::text("auto")).ok());
  EXPECT_EQ(*raw_value(mode, Value::text("auto")), Value(int64_t{1}));
  const auto wrong = raw_value(mode, Value::text("automatic"));
  ASSERT_FALSE(wrong.ok());
  EXPECT_NE(wrong.status().what().find("off, auto"), std::string::npos) << wrong.status().what();
}

TEST(RawValue, refuses_a_text_for_a_number_and_a_number_for_a_text) {
  static constexpr FieldSpec kTable[] = {{.name = "type"}};
  TagSettings tag;
  tag.fields = Fields(kTable);
  tag.fields.set("type", std::string("int16"));
  EXPECT_FALSE(raw_value(tag, Value::text("warm")).ok());
  EXPECT_FALSE(raw_value(tag, Value(true)).ok());
  EXPECT_TRUE(raw_value(tag, Value(int64_t{5})).ok());
  tag.fields.set("type", std::string("string"));
  EXPECT_FALSE(raw_value(tag, Value(int64_t{5})).ok());
  EXPECT_TRUE(raw_value(tag, Value::text("warm")).ok());
}

TEST(RawValue, passes_booleans_and_text_on) {
  EXPECT_EQ(*raw_value(setpoint(), Value(true)), Value(true));
  EXPECT_EQ(*raw_value(TagSettings{}, Value::text("abc")), Value::text("abc"));
}

}  // namespace
}  // namespace ferrule

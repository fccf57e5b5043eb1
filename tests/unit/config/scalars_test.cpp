#include "config/scalars.h"

#include <gtest/gtest.h>

#include "config/formats.h"

namespace ferrule {

using namespace config;

namespace {

TEST(Scalars, whole_numbers) {
  const struct {
    std::string_view text;
    int64_t number;
  } kRight[] = {{"0", 0},
                {"-1", -1},
                {"247", 247},
                {"0x8000", 0x8000},
                {"-0x10", -16},
                {"9223372036854775807", INT64_MAX},
                {"-9223372036854775808", INT64_MIN}};
  for (const auto& test : kRight) {
    const auto number = parse_integer(test.text);
    ASSERT_TRUE(number) << test.text;
    EXPECT_EQ(*number, test.number);
  }
  for (const std::string_view text : {"", "-", "+1", "010", "0x", "1_000", "1.0", "1e3", " 1", "1 ", "0b1", "9223372036854775808",
                                      "-9223372036854775809", "18446744073709551616", "--1", "0o7"}) {
    EXPECT_FALSE(parse_integer(text)) << text;
  }
}

TEST(Scalars, numbers) {
  for (const std::string_view text : {"0", "0.1", "-40", "1e-3", "1E3", ".5", "0.0"}) EXPECT_TRUE(parse_number(text)) << text;
  for (const std::string_view text : {"", "-", "nan", "inf", "-inf", ".inf", "0x1", "010", "1,5", "1 000", "1e999", "."}) {
    EXPECT_FALSE(parse_number(text)) << text;
  }
  EXPECT_DOUBLE_EQ(*parse_number("0.1"), 0.1);
}

TEST(Scalars, names) {
  EXPECT_TRUE(check_name("boiler_2"));
  EXPECT_TRUE(check_name(std::string(64, 'a')));
  for (const std::string& name : {std::string(), std::string("_a"), std::string("2a"), std::string("a-b"), std::string("a.b"),
                                  std::string("ä"), std::string(65, 'a')}) {
    EXPECT_FALSE(check_name(name)) << name;
  }
}

TEST(Formats, broker_urls) {
  const struct {
    std::string_view text, host;
    uint16_t port;
    bool tls;
  } kRight[] = {{"mqtt://h", "h", 1883, false},
                {"mqtts://broker.example", "broker.example", 8883, true},
                {"mqtt://127.0.0.1:1/", "127.0.0.1", 1, false},
                {"mqtts://[::1]:99", "::1", 99, true}};
  for (const auto& test : kRight) {
    const auto url = parse_broker_url(test.text);
    ASSERT_TRUE(url) << test.text;
    EXPECT_EQ(url->at.host, test.host);
    EXPECT_EQ(url->at.port, test.port);
    EXPECT_EQ(url->tls, test.tls);
  }
  for (const std::string_view text : {"", "mqtt://", "mqtt://:1", "mqtt://h:0", "mqtt://h:65536", "mqtt://h:x", "mqtt://h/path",
                                      "mqtt://a:b@h", "MQTT://h", "ws://h", "mqtt://[::1", "mqtt://a b"}) {
    EXPECT_FALSE(parse_broker_url(text)) << text;
  }
}

TEST(Formats, topics) {
  for (const std::string_view text : {"a", "a/b", "plant/{gateway}/{device}"}) EXPECT_TRUE(check_topic(text)) << text;
  for (const std::string_view text : {"", "/a", "a/", "a//b", "a/#", "+/a", "{", "}", "{}", "{x}", "{gateway", "a}{gateway}"}) {
    EXPECT_FALSE(check_topic(text)) << text;
  }
}

TEST(Formats, deadbands) {
  EXPECT_DOUBLE_EQ(parse_deadband("0.2")->absolute, 0.2);
  EXPECT_DOUBLE_EQ(parse_deadband("1%")->percent, 1);
  EXPECT_DOUBLE_EQ(parse_deadband("1%")->absolute, 0);
  for (const std::string_view text : {"", "%", "-1", "1 %", "a"}) EXPECT_FALSE(parse_deadband(text)) << text;
}

TEST(Formats, assignments) {
  const auto parsed = parse_assignment("plant.power = a.b == 3");
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->device, "plant");
  EXPECT_EQ(parsed->tag, "power");
  EXPECT_EQ(parsed->value, "a.b == 3");
  EXPECT_EQ(parsed->value_at, 14u);
  for (const std::string_view text : {"", "=", "a.b", "a = 1", "a.b =", "a.b.c = 1", "a.b == 1", ".b = 1", "a. = 1"}) {
    EXPECT_FALSE(parse_assignment(text)) << text;
  }
}

TEST(Formats, names_of_files_never_climb) {
  for (const std::string_view text : {"", "..", "../a", "a/../b", "/etc/passwd", "a/", ".a", "a/.b", "a b", "a\\b"}) {
    EXPECT_FALSE(check_profile_name(text)) << text;
  }
  EXPECT_TRUE(check_profile_name("eastron/sdm630.v2"));
  for (const std::string_view text : {"", ".", "..", "a/b", "../a", ".hidden", "-x", "a b"})
    EXPECT_FALSE(check_secret_name(text)) << text;
  EXPECT_TRUE(check_secret_name("cloud-password.1"));
}

}  // namespace

}  // namespace ferrule

#include "modbus/frame_text.h"

#include <gtest/gtest.h>

#include <vector>

#include "modbus/fields.h"

namespace ferrule::modbus {
namespace {

struct Case {
  std::vector<uint8_t> frame;
  bool sent;
  std::string text;
};

ChannelSettings channel(bool rtu) {
  ChannelSettings settings;
  settings.fields = Fields(kChannelFields);
  settings.fields.set("rtu_over_tcp", rtu);
  return settings;
}

TEST(FrameText, says_what_a_tcp_frame_asks_and_answers) {
  const Case cases[] = {
      {{0, 1, 0, 0, 0, 6, 5, 3, 0, 100, 0, 22}, true, "unit 5, read holding 100..121"},
      {{0, 1, 0, 0, 0, 6, 5, 1, 0, 7, 0, 1}, true, "unit 5, read coil 7"},
      {{0, 1, 0, 0, 0, 6, 5, 6, 0, 7, 0, 9}, true, "unit 5, write holding 7"},
      {{0, 1, 0, 0, 0, 6, 5, 6, 0, 7, 0, 9}, false, "unit 5, write holding 7 confirmed"},
      {{0, 1, 0, 0, 0, 7, 5, 4, 4, 1, 2, 3, 4}, false, "unit 5, 2 registers"},
      {{0, 1, 0, 0, 0, 7, 5, 4, 4, 1, 2}, false, "unit 5, 2 registers, broken off"},
      {{0, 1, 0, 0, 0, 6, 5, 99, 0, 7, 0, 9}, true, "unit 5, function 99"},
      {{0, 1, 0, 0}, true, "too short for a frame"},
  };
  for (const Case& one : cases) EXPECT_EQ(frame_text(channel(false), one.frame, one.sent), one.text);
}

TEST(FrameText, says_what_an_error_answer_means) {
  const std::vector<uint8_t> frame{17, 0x83, 2, 0xc1, 0x34};
  const std::string text = frame_text(channel(true), frame, false);
  EXPECT_TRUE(text.starts_with("unit 17, exception 2, illegal data address")) << text;
  EXPECT_TRUE(text.ends_with("(to function 3)")) << text;
}

TEST(FrameText, cuts_the_checksum_off_an_rtu_frame) {
  EXPECT_EQ(frame_text(channel(true), std::vector<uint8_t>{17, 3, 0, 0, 0, 2, 0xc6, 0x9b}, true), "unit 17, read holding 0..1");
  EXPECT_EQ(frame_text(channel(true), std::vector<uint8_t>{17, 3, 2, 0, 1, 0x79, 0xb8}, false), "unit 17, 1 registers");
}

}  // namespace
}  // namespace ferrule::modbus

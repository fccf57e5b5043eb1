#include "modbus/read_plan.h"

#include <gtest/gtest.h>

#include "tests/fakes/modbus_channel.h"
#include "tests/fakes/recording_sink.h"
#include "tests/fakes/scripted_device.h"

namespace ferrule::modbus {

namespace {

std::vector<std::string> plan_texts(ModbusChannel& channel) {
  const auto driver = channel.build();
  std::vector<std::string> texts;
  for (const Request& request : channel.plan(*driver)) texts.push_back(request.text);
  return texts;
}

TEST(ModbusPlan, neighbours_of_an_area_share_a_request) {
  ModbusChannel channel;
  channel.tcp(502).device(5);
  channel.tag("holding:100", "float32");
  channel.tag("holding:102");
  channel.tag("holding:104");
  channel.tag("holding:104.3");
  channel.tag("input:103");
  channel.tag("coil:7");
  channel.tag("coil:8");
  EXPECT_EQ(plan_texts(channel), (std::vector<std::string>{"unit 5 coil 7..8 (2 bits)", "unit 5 input 103..103 (1 registers)",
                                                           "unit 5 holding 100..104 (5 registers)"}));
  channel.device_fields().set("max_gap", int64_t{0});
  EXPECT_EQ(plan_texts(channel).size(), 4u);
}

TEST(ModbusPlan, the_devices_own_limit_is_respected) {
  ModbusChannel channel;
  channel.tcp(502).device(5);
  for (int i = 0; i < 300; ++i) channel.tag("holding:" + std::to_string(i));
  EXPECT_EQ(plan_texts(channel).size(), 3u);
  channel.device_fields().set("max_registers", int64_t{10});
  EXPECT_EQ(plan_texts(channel).size(), 30u);
  channel.device_fields().set("max_bytes", int64_t{8});
  EXPECT_EQ(plan_texts(channel).size(), 75u);
}

TEST(ModbusPlan, says_what_a_request_costs_the_line) {
  ModbusChannel channel;
  channel.serial("/dev/none", 9600).device(5);
  channel.tag("holding:0", "float32");
  const auto driver = channel.build();
  const Request request = channel.plan(*driver)[0];
  EXPECT_EQ(request.bytes_out, 8u);
  EXPECT_EQ(request.bytes_in, 9u);
  const Duration character(10 * 1'000'000'000ll / 9600);
  EXPECT_EQ(request.cost, 17 * character + character * 7 / 2 + std::chrono::milliseconds(5));
}

TEST(ModbusPlan, a_plan_can_be_made_anew_from_the_ids_of_its_tags) {
  ModbusChannel channel;
  channel.tcp(502).device(5);
  channel.tag("holding:100", "float32");
  channel.tag("coil:8");
  channel.tag("sunspec:103/14", "int16");
  const auto driver = channel.build();
  const Requests requests = channel.plan(*driver);
  const Requests joint = channel.plan(*driver);  // the tags of a group are in more than one plan
  std::vector<TagId> tags;
  for (const Request& request : requests) tags.insert(tags.end(), request.tags.begin(), request.tags.end());
  const auto again = driver->replan(channel.settings.devices[0], tags);
  ASSERT_TRUE(again.ok()) << again.status().what();
  ASSERT_EQ(again->size(), requests.size());
  for (size_t i = 0; i < requests.size(); ++i) EXPECT_EQ((*again)[i].text, requests[i].text);
  EXPECT_FALSE(driver->replan(channel.settings.devices[0], std::vector{TagId{999}}).ok());
}

TEST(ModbusPlan, a_reply_is_cut_into_its_tags) {
  ModbusChannel channel;
  channel.tcp(502).device(5);
  const TagId number = channel.tag("holding:100", "float32");
  const TagId word = channel.tag("holding:102", "int16");
  const TagId bit = channel.tag("holding:102.15");
  const TagId clear = channel.tag("holding:102.1");
  const TagId text = channel.tag("holding:103", "string", false, 3);
  const auto driver = channel.build();
  const Requests requests = channel.plan(*driver);
  ASSERT_EQ(requests.size(), 1u);
  const auto& body = static_cast<const ReadBody&>(*requests[0].body);
  EXPECT_EQ(body.question.count, 5);
  RecordingSink sink;
  decode_reply(body, Bytes{0x43, 0x66, 0x19, 0x9a, 0xff, 0xfd, 'a', 'b', 'c', 0}, sink);
  EXPECT_EQ(sink.value(number), Value(230.1f));
  EXPECT_EQ(sink.value(word), Value(int64_t{-3}));
  EXPECT_EQ(sink.value(bit), Value(true));
  EXPECT_EQ(sink.value(clear), Value(false));
  EXPECT_EQ(sink.value(text), Value::text("abc"));
  EXPECT_EQ(sink.said.size(), 5u);
}

TEST(ModbusPlan, coils_are_cut_from_the_lowest_bit_up) {
  ModbusChannel channel;
  channel.tcp(502).device(5);
  std::vector<TagId> tags;
  for (int i = 0; i < 10; ++i) tags.push_back(channel.tag("coil:" + std::to_string(20 + i)));
  const auto driver = channel.build();
  const Requests requests = channel.plan(*driver);
  RecordingSink sink;
  decode_reply(static_cast<const ReadBody&>(*requests[0].body), Bytes{0b10000001, 0b10}, sink);
  for (size_t i = 0; i < tags.size(); ++i) EXPECT_EQ(sink.value(tags[i]), Value(i == 0 || i == 7 || i == 9)) << i;
}

TEST(ModbusPlan, a_bit_stays_the_same_bit_when_the_register_is_swapped) {
  ModbusChannel channel;
  channel.tcp(502).device(5);
  channel.device_fields().set("order", std::string("BADC"));
  const TagId word = channel.tag("holding:0");
  const TagId low = channel.tag("holding:0.0");
  const TagId high = channel.tag("holding:0.15");
  const auto driver = channel.build();
  RecordingSink sink;
  decode_reply(static_cast<const ReadBody&>(*channel.plan(*driver)[0].body), Bytes{0x01, 0x00}, sink);
  EXPECT_EQ(sink.value(word), Value(uint64_t{1}));
  EXPECT_EQ(sink.value(low), Value(true));
  EXPECT_EQ(sink.value(high), Value(false));
}

TEST(ModbusPlan, bits_of_a_register_and_what_a_mask_leaves_are_numbers) {
  ModbusChannel channel;
  channel.tcp(502).device(5);
  const TagId part = channel.tag("holding:0.4-7");
  const TagId wide = channel.tag("holding:0.12-19", "uint32");
  const TagId masked = channel.tag("holding:1", "int16");
  channel.tag_fields().set("mask", int64_t{0x0fff});
  const TagId digits = channel.tag("holding:1", "bcd16");
  const auto driver = channel.build();
  const Requests requests = channel.plan(*driver);
  ASSERT_EQ(requests.size(), 1u);
  RecordingSink sink;
  decode_reply(static_cast<const ReadBody&>(*requests[0].body), Bytes{0x00, 0xa7, 0x7f, 0xff}, sink);
  EXPECT_EQ(sink.value(part), Value(uint64_t{0xa}));
  EXPECT_EQ(sink.value(wide), Value(uint64_t{0x77}));
  EXPECT_EQ(sink.value(masked), Value(int64_t{-1}));
  EXPECT_EQ(sink.reason(digits), Reason::not_a_number);
}

TEST(ModbusPlan, a_value_and_its_power_of_ten_are_never_parted) {
  ModbusChannel channel;
  channel.tcp(502).device(5);
  channel.device_fields().set("max_registers", int64_t{9});
  const TagId far = channel.tag("holding:0", "int16");
  channel.tag_fields().set("exponent", std::string("holding:8"));
  const TagId low = channel.tag("holding:9", "uint16");
  channel.tag_fields().set("exponent", std::string("holding:8"));
  const TagId none = channel.tag("holding:10", "int16");
  channel.tag_fields().set("exponent", std::string("holding:11"));
  const TagId huge = channel.tag("holding:9", "int16");
  channel.tag_fields().set("exponent", std::string("holding:12"));
  const auto driver = channel.build();
  const Requests requests = channel.plan(*driver);
  ASSERT_EQ(requests.size(), 2u);
  EXPECT_EQ(requests[0].text, "unit 5 holding 0..8 (9 registers)");
  RecordingSink sink;
  Bytes first(18, 0);
  first[0] = 0xf7, first[1] = 0x03, first[17] = 0xff, first[16] = 0xff;  // -2301, -1
  decode_reply(static_cast<const ReadBody&>(*requests[0].body), first, sink);
  EXPECT_EQ(sink.value(far), Value(-230.1));
  // from holding:8: -1, 7, "not implemented", 0, 99
  decode_reply(static_cast<const ReadBody&>(*requests[1].body), Bytes{0xff, 0xff, 0, 7, 0x80, 0, 0, 0, 0, 99}, sink);
  EXPECT_EQ(sink.value(low), Value(0.7));
  EXPECT_EQ(sink.reason(none), Reason::not_a_number);
  EXPECT_EQ(sink.reason(huge), Reason::not_a_number);
}

TEST(ModbusPlan, words_of_a_sunspec_model_are_planned_apart_from_registers) {
  ModbusChannel channel;
  channel.tcp(502).device(5);
  channel.tag("holding:14");
  channel.tag("sunspec:101-103/14", "int16");
  channel.tag("sunspec:101-103/15", "int16");
  channel.tag("sunspec:1/2", "string", false, 32);
  EXPECT_EQ(plan_texts(channel),
            (std::vector<std::string>{"unit 5 holding 14..14 (1 registers)", "unit 5 sunspec model 1 words 2..17 (16 registers)",
                                      "unit 5 sunspec model 101-103 words 14..15 (2 registers)"}));
}

}  // namespace

}  // namespace ferrule::modbus

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <limits>
#include <nlohmann/json.hpp>

#include "core/names.h"
#include "sdk/encoder.h"

namespace ferrule {

extern const EncoderType k_payload_json_encoder;

namespace {

using namespace std::chrono_literals;
using nlohmann::json;

constexpr size_t kRoomy = 256 * 1024;
const MonoTime kReadAt{1h};

class PayloadJson : public testing::Test {
 protected:
  Sample good(std::string_view tag, Value value, Duration later = 0ns) {
    return {.value = std::move(value), .read_at = kReadAt + later, .tag = names.tag(boiler, tag)};
  }
  Sample bad(std::string_view tag, Reason reason) {
    return {.value = {}, .read_at = kReadAt, .tag = names.tag(boiler, tag), .quality = Quality::bad, .reason = reason};
  }
  Sample uncertain(std::string_view tag, Value value, Reason reason) {
    Sample sample = good(tag, std::move(value));
    sample.quality = Quality::uncertain;
    sample.reason = reason;
    return sample;
  }
  template <class Body>
  Record record(Body body) {
    return {.device = boiler, .read_at = kReadAt, .timestamp = from_unix_ms(1763712345678), .body = std::move(body)};
  }

  std::unique_ptr<Encoder> encoder(bool as_text = false) {
    Fields fields(k_payload_json_encoder.fields);
    if (as_text) fields.set("integers_as_text", std::string("beyond_2_53"));
    return std::move(k_payload_json_encoder.build(fields, {.gateway = "plant7-line2", .names = names})).value();
  }
  std::vector<std::string> encode(std::vector<EncoderInput> inputs, size_t max = kRoomy, bool as_text = false) {
    std::vector<std::string> messages;
    const Status status = encoder(as_text)->encode(inputs, max, messages);
    EXPECT_TRUE(status.ok()) << status.what();
    return messages;
  }
  std::string one(const Record& of, bool historical = false) {
    const auto messages = encode({{&of, 17, 1042, historical}});
    EXPECT_EQ(messages.size(), 1u);
    return messages.empty() ? "" : messages[0];
  }
  json value_of(Value value, bool as_text = false) {
    const Record of = record(Samples{good("x", std::move(value))});
    return json::parse(encode({{&of, 1, 1, false}}, kRoomy, as_text).at(0))["values"]["x"];
  }

  Names names;
  DeviceId boiler = names.device("boiler");
};

TEST_F(PayloadJson, a_poll_is_exactly_the_object_of_the_design) {
  const Record of = record(Samples{good("temperature", 81.4), good("setpoint", int64_t{65}, -12ms), bad("flow", Reason::timeout),
                                   uncertain("level", {}, Reason::stale)});
  EXPECT_EQ(one(of, true),
            R"({"gateway":"plant7-line2","device":"boiler","boot":17,"seq":1042,"timestamp":1763712345678,)"
            R"("values":{"temperature":81.4,"setpoint":65},"bad":{"flow":"timeout"},"uncertain":{"level":"stale"},)"
            R"("times":{"setpoint":-12},"historical":true})");
}

TEST_F(PayloadJson, what_says_nothing_is_left_out) {
  const Record of = record(Samples{good("temperature", 81.4), good("setpoint", int64_t{65}, 1ms)});
  EXPECT_EQ(one(of), R"({"gateway":"plant7-line2","device":"boiler","boot":17,"seq":1042,"timestamp":1763712345678,)"
                     R"("values":{"temperature":81.4,"setpoint":65}})");
}

TEST_F(PayloadJson, a_poll_of_which_nothing_was_read_has_an_empty_values) {
  const json message = json::parse(one(record(Samples{bad("flow", Reason::device_refused)})));
  EXPECT_EQ(message["values"], json::object());
  EXPECT_EQ(message["bad"], (json{{"flow", "device_refused"}}));
}

TEST_F(PayloadJson, an_uncertain_tag_with_a_value_is_in_values_too) {
  const json message = json::parse(one(record(Samples{uncertain("level", 3.5, Reason::stale)})));
  EXPECT_EQ(message["values"], (json{{"level", 3.5}}));
  EXPECT_EQ(message["uncertain"], (json{{"level", "stale"}}));
}

TEST_F(PayloadJson, a_bad_tag_never_shows_a_value) {
  Sample sample = bad("flow", Reason::out_of_range);
  sample.value = 7.0;
  const json message = json::parse(one(record(Samples{sample})));
  EXPECT_EQ(message["values"], json::object());
}

TEST_F(PayloadJson, a_number_that_json_cannot_say_is_bad) {
  for (const double number : {std::nan(""), std::numeric_limits<double>::infinity()}) {
    const json message = json::parse(one(record(Samples{good("a", number), good("b", static_cast<float>(number))})));
    EXPECT_EQ(message["values"], json::object());
    EXPECT_EQ(message["bad"], (json{{"a", "not_a_number"}, {"b", "not_a_number"}}));
  }
}

TEST_F(PayloadJson, every_kind_of_value_reads_back) {
  EXPECT_EQ(value_of(true), json(true));
  EXPECT_EQ(value_of(int64_t{-5}), json(-5));
  EXPECT_EQ(value_of(std::numeric_limits<uint64_t>::max()), json(std::numeric_limits<uint64_t>::max()));
  EXPECT_EQ(value_of(0.1f).dump(), "0.1");
  EXPECT_EQ(value_of(0.1).get<double>(), 0.1);
  EXPECT_EQ(value_of(1e300).get<double>(), 1e300);
  EXPECT_EQ(value_of(Value::text("a \"b\"\n")), json("a \"b\"\n"));
  EXPECT_EQ(value_of(Value::bytes("\x01\x02")), json("AQI="));
}

TEST_F(PayloadJson, integers_beyond_2_53_are_text_only_where_asked) {
  const int64_t limit = int64_t{1} << 53;
  EXPECT_EQ(value_of(limit + 1, false), json(limit + 1));
  EXPECT_EQ(value_of(limit + 1, true), json("9007199254740993"));
  EXPECT_EQ(value_of(-limit - 1, true), json("-9007199254740993"));
  EXPECT_EQ(value_of(uint64_t{1} << 63, true), json("9223372036854775808"));
  EXPECT_EQ(value_of(limit, true), json(limit));
  EXPECT_EQ(value_of(1e17, true), json(1e17));
}

TEST_F(PayloadJson, a_record_too_large_goes_in_parts_of_one_seq_that_hold_every_tag_once) {
  Samples samples;
  for (int i = 0; i < 500; ++i) {
    const std::string tag = "tag_" + std::to_string(i);
    samples.push_back(i % 7 == 0 ? bad(tag, Reason::timeout) : good(tag, i * 1.1, (i % 5) * 1ms));
  }
  const Record of = record(samples);
  const auto messages = encode({{&of, 17, 9, true}}, 2048);
  ASSERT_GT(messages.size(), 3u);
  size_t values = 0;
  size_t bads = 0;
  for (size_t i = 0; i < messages.size(); ++i) {
    EXPECT_LE(messages[i].size(), 2048u);
    const json message = json::parse(messages[i]);
    EXPECT_EQ(message["seq"], 9);
    EXPECT_EQ(message["part"], i + 1);
    EXPECT_EQ(message["parts"], messages.size());
    EXPECT_EQ(message["historical"], true);
    values += message["values"].size();
    bads += message.contains("bad") ? message["bad"].size() : 0;
  }
  EXPECT_EQ(values + bads, 500u);
  EXPECT_EQ(bads, 72u);
}

TEST_F(PayloadJson, the_limit_is_kept_for_every_size) {
  Samples samples;
  for (int i = 0; i < 40; ++i) samples.push_back(uncertain("tag_" + std::to_string(i), i * 1.1, Reason::stale));
  const Record of = record(samples);
  for (size_t max = 400; max < 4000; max += 37) {
    for (const std::string& message : encode({{&of, 17, 9, true}}, max)) EXPECT_LE(message.size(), max);
    for (const std::string& message : encode({{&of, 17, 9, true}, {&of, 17, 10, true}}, max)) EXPECT_LE(message.size(), max);
  }
}

TEST_F(PayloadJson, one_sample_larger_than_a_message_is_an_error_and_adds_nothing) {
  const Record of = record(Samples{good("a", 1.0), good("blob", Value::text(std::string(5000, 'x')))});
  std::vector<std::string> messages{"before"};
  const EncoderInput input{&of, 1, 1, false};
  const Status status = encoder()->encode({&input, 1}, 4096, messages);
  EXPECT_EQ(status.fault(), Fault::invalid);
  EXPECT_NE(status.what().find("boiler.blob"), std::string::npos) << status.what();
  EXPECT_EQ(messages, std::vector<std::string>{"before"});
}

TEST_F(PayloadJson, a_batch_is_an_array_in_order) {
  const Record a = record(Samples{good("a", 1.0)});
  const Record b = record(Samples{good("a", 2.0)});
  const auto messages = encode({{&a, 1, 5, false}, {&b, 1, 6, true}});
  ASSERT_EQ(messages.size(), 1u);
  const json batch = json::parse(messages[0]);
  ASSERT_EQ(batch.size(), 2u);
  EXPECT_EQ(batch[0]["seq"], 5);
  EXPECT_FALSE(batch[0].contains("historical"));
  EXPECT_EQ(batch[1]["seq"], 6);
  EXPECT_EQ(batch[1]["historical"], true);
}

TEST_F(PayloadJson, a_batch_too_large_becomes_several_arrays_and_a_large_record_within_it_parts) {
  Samples many;
  for (int i = 0; i < 100; ++i) many.push_back(good("tag_" + std::to_string(i), i * 1.1));
  const Record small = record(Samples{good("a", 1.0)});
  const Record large = record(many);
  std::vector<uint64_t> order;
  for (const std::string& message :
       encode({{&small, 1, 1, false}, {&large, 1, 2, false}, {&small, 1, 3, false}, {&small, 1, 4, false}}, 1000)) {
    EXPECT_LE(message.size(), 1000u);
    const json batch = json::parse(message);
    ASSERT_TRUE(batch.is_array());
    for (const json& object : batch) {
      if (order.empty() || order.back() != object["seq"]) order.push_back(object["seq"]);
    }
  }
  EXPECT_EQ(order, (std::vector<uint64_t>{1, 2, 3, 4}));
}

TEST_F(PayloadJson, tags_configured_after_the_first_message_have_names_too) {
  const auto json_encoder = encoder();
  std::vector<std::string> messages;
  const Record first = record(Samples{good("a", 1.0)});
  const EncoderInput input{&first, 1, 1, false};
  ASSERT_TRUE(json_encoder->encode({&input, 1}, kRoomy, messages).ok());
  const Record second = record(Samples{good("later", 2.0)});
  const EncoderInput next{&second, 1, 2, false};
  ASSERT_TRUE(json_encoder->encode({&next, 1}, kRoomy, messages).ok());
  EXPECT_EQ(json::parse(messages[1])["values"], (json{{"later", 2.0}}));
}

TEST_F(PayloadJson, an_alarm) {
  const Record of = record(Alarm{.rule = "overheat",
                                 .raised = true,
                                 .severity = "high",
                                 .text = "Boiler at 86 °C",
                                 .values = {{"boiler.temperature", 86.0}}});
  EXPECT_EQ(one(of), R"({"gateway":"plant7-line2","device":"boiler","boot":17,"seq":1042,"timestamp":1763712345678,)"
                     R"("event":"alarm","id":"overheat","state":"raised","severity":"high","text":"Boiler at 86 °C",)"
                     R"("values":{"boiler.temperature":86}})");
}

TEST_F(PayloadJson, a_loss_is_about_the_gateway) {
  Record of = record(Loss{"cloud", from_unix_ms(1000), from_unix_ms(2000), 42, "outbox full"});
  of.device = DeviceId::none;
  EXPECT_EQ(one(of), R"({"gateway":"plant7-line2","boot":17,"seq":1042,"timestamp":1763712345678,"event":"loss",)"
                     R"("uplink":"cloud","from":1000,"to":2000,"samples":42,"why":"outbox full"})");
}

TEST_F(PayloadJson, the_outcome_of_a_command_and_a_device_state) {
  const Outcome outcome{"c1", names.tag(boiler, "setpoint"), CommandResult::refused, int64_t{65}, "exception 2"};
  const json command = json::parse(one(record(outcome), true));
  EXPECT_EQ(command["event"], "command");
  EXPECT_EQ(command["tag"], "boiler.setpoint");
  EXPECT_EQ(command["result"], "refused");
  EXPECT_EQ(command["value"], 65);
  EXPECT_EQ(command["reason"], "exception 2");
  EXPECT_EQ(command["historical"], true);
  const json state = json::parse(one(record(DeviceState{false, Reason::timeout, "no answer"})));
  EXPECT_EQ(state["event"], "device");
  EXPECT_EQ(state["state"], "offline");
  EXPECT_EQ(state["reason"], "timeout");
}

// Checks a message against the part of JSON Schema that ours use: type, const, enum, required, properties, additionalProperties.
void expect_valid(const json& schema, const json& message, const std::string& where) {
  const json type = schema.contains("type") ? schema["type"] : json();
  if (type == "object") {
    ASSERT_TRUE(message.is_object()) << where;
    for (const auto& name : schema.value("required", json::array())) EXPECT_TRUE(message.contains(name)) << where << name;
    const json properties = schema.value("properties", json::object());
    for (const auto& [name, value] : message.items()) {
      EXPECT_TRUE(properties.contains(name) || schema["additionalProperties"] != json(false)) << where << "." << name;
      if (properties.contains(name)) expect_valid(properties[name], value, where + "." + name);
    }
  }
  EXPECT_TRUE(type != "integer" || message.is_number_integer()) << where;
  EXPECT_TRUE(type != "string" || message.is_string()) << where;
  EXPECT_TRUE(type != "boolean" || message.is_boolean()) << where;
  EXPECT_TRUE(!schema.contains("const") || schema["const"] == message) << where;
  const json words = schema.value("enum", json::array({message}));
  EXPECT_NE(std::find(words.begin(), words.end(), message), words.end()) << where;
}

json schema(const std::string& name) {
  return json::parse(std::ifstream(std::string(FERRULE_SOURCE_DIR) + "/config/schema/" + name));
}

TEST_F(PayloadJson, data_fits_its_published_schema) {
  const json data = schema("data.schema.json")["$defs"]["record"];
  const Record of = record(Samples{good("temperature", 81.4), good("setpoint", int64_t{65}, -12ms), bad("flow", Reason::timeout),
                                   uncertain("level", {}, Reason::stale)});
  for (const std::string& message : encode({{&of, 17, 9, true}}, 420)) expect_valid(data, json::parse(message), "data");
}

TEST_F(PayloadJson, events_fit_their_published_schema) {
  const json events = schema("event.schema.json")["$defs"];
  const Outcome outcome{"c1", names.tag(boiler, "setpoint"), CommandResult::refused, int64_t{65}, "exception 2"};
  const std::pair<const char*, Record> cases[] = {
      {"alarm", record(Alarm{"overheat", true, "high", "hot", {{"boiler.temperature", 86.0}}})},
      {"loss", record(Loss{"cloud", from_unix_ms(1000), from_unix_ms(2000), 42, "outbox full"})},
      {"command", record(outcome)},
      {"device", record(DeviceState{false, Reason::timeout, "no answer"})}};
  for (const auto& [name, of] : cases) expect_valid(events[name], json::parse(one(of, true)), name);
}

}  // namespace
}  // namespace ferrule

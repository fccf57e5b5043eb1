// What a payload says at a place, in each format; and what a command writes there.
#include "coap/payload.h"

#include <gtest/gtest.h>

namespace ferrule::coap {

namespace {

using namespace std::string_literals;

constexpr WallTime kNow{std::chrono::seconds(1'700'000'000)};

Taken taken(ContentFormat said, std::string_view bytes, const Place& place) { return Payload(said, bytes, kNow).take(place); }

Place at(const std::string& pointer, Type type = Type::as_it_comes) {
  return {.format = {}, .pointer = *parse_pointer(pointer), .record = {}, .type = type};
}
Place record(const std::string& name) { return {.format = {}, .pointer = {}, .record = name, .type = {}}; }

struct Case {
  const char* name;
  ContentFormat said;
  std::string bytes;
  Place place;
  Value value;  // empty: `reason`
  Reason reason = Reason::none;
};

class PayloadSays : public testing::TestWithParam<Case> {};

TEST_P(PayloadSays, the_value_or_why_there_is_none) {
  const Case& one = GetParam();
  const Taken got = taken(one.said, one.bytes, one.place);
  EXPECT_EQ(got.value, one.value) << to_text(got.value);
  EXPECT_EQ(got.reason, one.reason);
}

const std::string kPack =
    R"([{"bn":"urn:dev:ow:10e2073a01080063:","bt":1276020076,"bu":"A","bv":10,"n":"voltage","u":"V","v":110.1},)"
    R"({"n":"current","t":-5,"v":1.2},{"n":"current","v":1.7},{"n":"open","vb":true},{"n":"label","vs":"a"}])";
const std::string kName = "urn:dev:ow:10e2073a01080063:";

INSTANTIATE_TEST_SUITE_P(
    Formats, PayloadSays,
    testing::Values(
        Case{"text_number", ContentFormat::text, " 21.5\n", {}, 21.5},
        Case{"text_integer", ContentFormat::none, "-7", {}, int64_t{-7}},
        Case{"text_of_words", ContentFormat::text, "all well", {}, Value::text("all well")},
        Case{"text_kept_as_text", ContentFormat::text, "007", {.type = Type::text}, Value::text("007")},
        Case{"text_that_is_no_number", ContentFormat::text, "21.5 C", {.type = Type::number}, {}, Reason::not_a_number},
        Case{"text_that_is_infinite", ContentFormat::text, "inf", {.type = Type::number}, {}, Reason::not_a_number},
        Case{"text_on", ContentFormat::text, "on", {.type = Type::boolean}, true},
        Case{"json_nested", ContentFormat::json, R"({"room":[{"t":19.25}]})", at("/room/0/t"), 19.25},
        Case{"json_text_as_number", ContentFormat::json, R"({"t":"19.25"})", at("/t", Type::number), 19.25},
        Case{"json_without_content_format", ContentFormat::none, R"({"t":5})", at("/t"), int64_t{5}},
        Case{"json_null", ContentFormat::json, R"({"t":null})", at("/t"), {}, Reason::bad_reply},
        Case{"json_not_there", ContentFormat::json, R"({"t":1})", at("/u"), {}, Reason::bad_reply},
        Case{"json_a_map", ContentFormat::json, R"({"t":{}})", at("/t"), {}, Reason::bad_reply},
        Case{"json_cut_off", ContentFormat::json, R"({"t":1)", at("/t"), {}, Reason::bad_reply},
        Case{"cbor", ContentFormat::cbor, "\xa1\x61t\xf9\x3e\x00"s, at("/t"), 1.5},
        Case{"cbor_number_key", ContentFormat::cbor, "\xa1\x07\x18\x2a"s, at("/7"), int64_t{42}},
        Case{"senml_first_with_base_value", ContentFormat::senml_json, kPack, record(kName + "voltage"), 120.1},
        Case{"senml_newest_of_a_name", ContentFormat::senml_json, kPack, record(kName + "current"), 11.7},
        Case{"senml_bool", ContentFormat::senml_json, kPack, record(kName + "open"), true},
        Case{"senml_last", ContentFormat::senml_json, kPack, {}, Value::text("a")},
        Case{"senml_unknown_record", ContentFormat::senml_json, kPack, record("x"), {}, Reason::bad_reply},
        Case{"senml_cbor", ContentFormat::senml_cbor,
             "\x81\xa3\x21\x61"
             "d\x00\x61t\x02\x18\x19"s,
             record("dt"), int64_t{25}},
        Case{"bytes", ContentFormat::bytes, "\x01\x02"s, {}, Value::bytes("\x01\x02")},
        Case{"bytes_are_no_number", ContentFormat::bytes, "21.5", {.type = Type::number}, {}, Reason::not_a_number},
        Case{"bytes_are_no_bool", ContentFormat::bytes, "1", {.type = Type::boolean}, {}, Reason::not_a_number},
        Case{"bytes_as_text_are_hexadecimal", ContentFormat::bytes, "\x01\xab"s, {.type = Type::text}, Value::text("01ab")},
        Case{"bytes_that_are_called_text", ContentFormat::bytes, "21.5", {.format = Format::text, .type = Type::number}, 21.5},
        Case{"bytes_with_a_place_are_a_document", ContentFormat::bytes, R"({"t":21.5})", at("/t", Type::number), 21.5},
        Case{"bytes_that_are_no_document", ContentFormat::bytes, "21.5", at("/t", Type::number), {}, Reason::bad_reply},
        Case{"bytes_with_a_record_are_senml", ContentFormat::bytes, R"([{"n":"t","v":21.5}])", record("t"), 21.5},
        // [{bv: 20, n: "t", v: 15 * 10^-1}] and the like
        Case{"senml_decimal_fraction", ContentFormat::senml_cbor, "\x81\xa3\x24\x14\x00\x61t\x02\xc4\x82\x20\x0f"s, record("t"),
             21.5},
        Case{"senml_bigfloat", ContentFormat::senml_cbor, "\x81\xa2\x00\x61t\x02\xc5\x82\x20\x03"s, record("t"), 1.5},
        Case{"senml_beyond_64_bits",
             ContentFormat::senml_cbor,
             "\x81\xa3\x24\x14\x00\x61t\x02\xc2\x49\x01\x00\x00\x00\x00\x00\x00\x00\x00"s,
             record("t"),
             {},
             Reason::bad_reply},
        Case{"senml_value_that_is_a_list",
             ContentFormat::senml_json,
             R"([{"bv":20,"n":"t","v":[1]}])",
             record("t"),
             {},
             Reason::bad_reply},
        Case{"senml_base_value_alone", ContentFormat::senml_json, R"([{"bv":20,"n":"t"}])", record("t"), 20.0},
        Case{"senml_base_value_of_zero", ContentFormat::senml_json, R"([{"bv":0,"n":"t"}])", record("t"), 0.0},
        Case{"senml_base_sum_alone", ContentFormat::senml_json, R"([{"bs":7.5,"n":"t"}])", record("t"), 7.5},
        Case{"senml_sum_beside_a_base_value", ContentFormat::senml_json, R"([{"bv":20,"n":"t","s":2.5}])", record("t"), 2.5},
        Case{"senml_value_beside_a_base_sum", ContentFormat::senml_json, R"([{"bs":20,"n":"t","v":2.5}])", record("t"), 2.5},
        Case{"senml_beside_an_unknown_simple_value", ContentFormat::senml_cbor, "\x81\xa3\x61x\xf8\xff\x00\x61t\x02\x05"s,
             record("t"), int64_t{5}}),
    [](const testing::TestParamInfo<Case>& one) { return std::string(one.param.name); });

TEST(Senml, times_are_absolute_or_count_from_now) {
  EXPECT_EQ(taken(ContentFormat::senml_json, R"([{"n":"a","v":1,"t":-5}])", record("a")).source_ns, 1'699'999'995'000'000'000);
  EXPECT_EQ(taken(ContentFormat::senml_json, R"([{"n":"a","v":1,"bt":1276020076.5}])", record("a")).source_ns,
            1'276'020'076'500'000'000);
  EXPECT_EQ(taken(ContentFormat::senml_json, R"([{"n":"a","v":1}])", record("a")).source_ns, 0);
  EXPECT_EQ(taken(ContentFormat::senml_json, R"([{"n":"a","v":1,"t":1e300}])", record("a")).source_ns, 0);
  const auto tenths =
      "\x81\xa3\x00\x61"
      "a\x02\x01\x06\xc4\x82\x20\x1b\x00\x00\x00\x03\xf5\x47\x6a\x05"s;  // t: 17000000005 * 10^-1
  EXPECT_EQ(taken(ContentFormat::senml_cbor, tenths, record("a")).source_ns, 1'700'000'000'500'000'000);
}

TEST(Senml, what_cannot_be_understood_is_refused_and_says_which_record) {
  const auto fault = [](const std::string& pack) {
    const auto document = Document::json({reinterpret_cast<const uint8_t*>(pack.data()), pack.size()});
    return document.ok() ? read_senml(*document, false, kNow).status().what() : document.status().what();
  };
  EXPECT_EQ(fault(R"({"n":"a"})"), "SenML: it is no list of records");
  EXPECT_EQ(fault(R"([{"n":"a","v":1},{"bver":11}])"), "SenML record 2: has a version that is not known");
  EXPECT_EQ(fault(R"([{"n":"a","v":1,"must_":2}])"), "SenML record 1: must be understood whole, and its field 'must_' is not");
  EXPECT_EQ(fault(R"([{"n":7,"v":1}])"), "SenML record 1: has a field of a wrong kind");
  EXPECT_EQ(fault(R"([{"n":"a","v":"1"}])"), "SenML record 1: has a 'v' that is no number");
  for (const char* field : {"bn", "bt", "bu", "bv", "bs", "bver"}) {
    EXPECT_EQ(fault(R"([{"n":"a","v":1,")" + std::string(field) + R"(":[1]}])").substr(0, 15), "SenML record 1:") << field;
  }
  for (const char* field : {"n", "u", "v", "vs", "vb", "vd", "s", "t"}) {
    EXPECT_EQ(fault(R"([{"bn":"a","bv":1,")" + std::string(field) + R"(":{}}])").substr(0, 15), "SenML record 1:") << field;
  }
  EXPECT_EQ(fault(R"([7])"), "SenML record 1: is no map");
}

TEST(Senml, sums_and_bytes_are_read) {
  const std::string pack = R"([{"bs":100,"n":"energy","s":2.5},{"n":"raw","vd":"AQID"}])";
  const auto document = Document::json({reinterpret_cast<const uint8_t*>(pack.data()), pack.size()});
  ASSERT_TRUE(document.ok());
  const auto records = read_senml(*document, false, kNow);
  ASSERT_TRUE(records.ok()) << records.status().what();
  ASSERT_EQ(records->size(), 2u);
  EXPECT_EQ(records->at(0).sum, 102.5);
  EXPECT_EQ(records->at(1).value, Value::bytes("\x01\x02\x03"));
}

TEST(Base64, is_read_padded_or_not_in_both_alphabets) {
  EXPECT_EQ(from_base64("_-8="), "\xff\xef");
  EXPECT_EQ(from_base64("/+8"), "\xff\xef");
  EXPECT_EQ(from_base64(""), "");
  EXPECT_FALSE(from_base64("A"));
  EXPECT_FALSE(from_base64("A B="));
}

TEST(WritePayload, writes_what_reading_finds_again) {
  for (const Format format : {Format::text, Format::json, Format::cbor, Format::senml_json, Format::senml_cbor}) {
    for (const Value& value : {Value(int64_t{-70000}), Value(21.5), Value(true), Value(int64_t{0}), Value::text("auto")}) {
      Place place;
      place.format = format;
      if (format == Format::json || format == Format::cbor) place.pointer = {"set", "point"};
      if (format == Format::senml_json || format == Format::senml_cbor) place.record = "sp";
      if (format == Format::text && value.kind() == Value::Kind::boolean) place.type = Type::boolean;
      const auto written = write_payload(place, value);
      ASSERT_TRUE(written.ok()) << written.status().what();
      EXPECT_EQ(written->format, content_format(format));
      EXPECT_EQ(taken(ContentFormat::none, written->bytes, place).value, value) << written->bytes;
    }
  }
}

TEST(WritePayload, refuses_what_does_not_fit) {
  EXPECT_FALSE(write_payload({.format = Format::bytes, .pointer = {}, .record = {}, .type = {}}, int64_t{1}).ok());
  EXPECT_FALSE(write_payload({}, Value::bytes("x")).ok());
}

}  // namespace

}  // namespace ferrule::coap

#include "core/json_text.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace ferrule {
namespace {

std::string quoted(std::string_view text) {
  std::string out;
  json::append_quoted(out, text);
  return out;
}

TEST(JsonText, text_is_quoted_and_escaped) {
  using namespace std::string_view_literals;
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"", R"("")"},
      {"plain", R"("plain")"},
      {"a \"b\" \\ c", R"("a \"b\" \\ c")"},
      {"a\nb\rc\td", R"("a\nb\rc\td")"},
      {"\x01\x1f\x7f"sv, R"("\u0001\u001f\u007f")"},
      {"a\0b"sv, R"("a\u0000b")"},
      {"81 °C ☃ 😀", R"("81 °C ☃ 😀")"},
  };
  for (const auto& [text, expected] : cases) EXPECT_EQ(quoted(text), expected);
}

TEST(JsonText, bytes_that_are_no_utf8_are_replaced) {
  using namespace std::string_view_literals;
  const std::string bad = "\xef\xbf\xbd";
  const std::pair<std::string_view, std::string> cases[] = {
      {"a\xff", "a" + bad},                         // never in UTF-8
      {"\x80", bad},                                // a continuation alone
      {"\xc3", bad},                                // cut short
      {"\xe2\x98", bad + bad},                      //
      {"\xc3(", bad + "("},                         //
      {"\xc0\xaf", bad + bad},                      // overlong
      {"\xe0\x80\xaf", bad + bad + bad},            //
      {"\xf0\x80\x80\xaf", bad + bad + bad + bad},  //
      {"\xed\xa0\x80", bad + bad + bad},            // a surrogate
      {"\xf4\x90\x80\x80", bad + bad + bad + bad},  // beyond U+10FFFF
      {"\xf5\x80\x80\x80", bad + bad + bad + bad},  //
      {"\xed\x9f\xbf\xf4\x8f\xbf\xbf", "\xed\x9f\xbf\xf4\x8f\xbf\xbf"},
  };
  for (const auto& [text, expected] : cases) EXPECT_EQ(quoted(text), "\"" + expected + "\"");
}

std::string shown(const Value& value) {
  std::string out;
  json::append_value(out, value);
  return out;
}

TEST(JsonText, values_of_every_kind) {
  using namespace std::string_view_literals;
  const std::pair<Value, std::string_view> cases[] = {
      {Value(), "null"},
      {true, "true"},
      {false, "false"},
      {int64_t{-9223372036854775807 - 1}, "-9223372036854775808"},
      {uint64_t{18446744073709551615u}, "18446744073709551615"},
      {81.4, "81.4"},
      {230.1f, "230.1"},
      {0.1 + 0.2, "0.30000000000000004"},
      {1e300, "1e+300"},
      {-0.0, "-0"},
      {std::nan(""), "null"},
      {HUGE_VAL, "null"},
      {-HUGE_VALF, "null"},
      {std::numeric_limits<float>::quiet_NaN(), "null"},
      {Value::text("a\"b"), R"("a\"b")"},
      {Value::bytes(""), R"("")"},
      {Value::bytes("f"), R"("Zg==")"},
      {Value::bytes("fo"), R"("Zm8=")"},
      {Value::bytes("foo"), R"("Zm9v")"},
      {Value::bytes("\xff\xfe\x00"sv), R"("//4A")"},
  };
  for (const auto& [value, expected] : cases) EXPECT_EQ(shown(value), expected);
}

TEST(JsonText, objects_and_arrays_set_their_commas) {
  std::string out;
  json::Object object(out);
  object.text("a", "x");
  object.number("b", int64_t{1});
  object.boolean("c", true);
  object.value("d", Value());
  object.key("e\"");
  json::Array array(out);
  for (const int64_t number : {1, 2, 3}) {
    array.next();
    json::append_number(out, number);
  }
  array.close();
  object.close();
  EXPECT_EQ(out, R"({"a":"x","b":1,"c":true,"d":null,"e\"":[1,2,3]})");

  out.clear();
  json::Object(out).close();
  json::Array(out).close();
  EXPECT_EQ(out, "{}[]");
}

}  // namespace
}  // namespace ferrule

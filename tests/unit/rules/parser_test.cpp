#include <gtest/gtest.h>

#include "rules/syntax.h"

namespace ferrule {
namespace {

// The tree in postfix, which shows what binds to what.
std::string postfix(std::string_view text) {
  Problem problem;
  const auto tree = parse(text, problem);
  if (!tree) return std::to_string(problem.at) + ": " + problem.what;
  std::string out;
  for (const Node& node : tree->nodes) {
    if (!out.empty()) out += ' ';
    switch (node.op) {
      case Op::constant: append_text(out, node.constant); break;
      case Op::tag: out += node.tag; break;
      case Op::changed: out += "changed:" + node.tag; break;
      case Op::window: out += "window" + std::to_string(static_cast<int>(node.window)) + ":" + node.tag; break;
      case Op::negate: out += "neg"; break;
      default: out += symbol(node.op);
    }
  }
  return out;
}

struct Case {
  std::string_view text;
  std::string_view expected;
};

TEST(Parser, operators_bind_as_people_expect) {
  const Case cases[] = {
      {"1 + 2 * 3", "1 2 3 * +"},
      {"(1 + 2) * 3", "1 2 + 3 *"},
      {"10 - 4 - 3", "10 4 - 3 -"},
      {"8 / 4 / 2 % 3", "8 4 / 2 / 3 %"},
      {"-a.x * 2", "a.x neg 2 *"},
      {"2 - -3", "2 3 neg -"},
      {"a.x > 1 and b.y < 2 or c.z == 3", "a.x 1 > b.y 2 < and c.z 3 == or"},
      {"true or false and false", "true false false and or"},
      {"not a.x == b.y", "a.x b.y == not"},
      {"not a.x and b.y", "a.x not b.y and"},
      {"not not a.x", "a.x not not"},
      {"a.x == b.y and c.z == d.w", "a.x b.y == c.z d.w == and"},
      {"a.x + 1 > b.y - 1", "a.x 1 + b.y 1 - >"},
      {"abs(a.x - b.y) + 1", "a.x b.y - abs 1 +"},
      {"round(a.x, 1 + 1)", "a.x 1 1 + round"},
      {"round(a.x)", "a.x round"},
      {"avg(a.x, 15min) / max(a.x, 1h)", "window0:a.x window2:a.x /"},
      {"min(a.x, 1s) + rate(a.x, 10s)", "window1:a.x window3:a.x +"},
      {"changed(a.x)", "changed:a.x"},
      {R"(a.x == "auto")", "a.x auto =="},
      {R"("say \"a\\b\"" == a.x)", R"(say "a\b" a.x ==)"},
      {"1.5e3 + 2E-1", "1500 0.2 +"},
      {"and.or + true.false", "and.or true.false +"},
      {"device_1.sub.tag2", "device_1.sub.tag2"},
      {"  1\t+\n1 ", "1 1 +"},
  };
  for (const Case& one : cases) EXPECT_EQ(postfix(one.text), one.expected) << one.text;
}

TEST(Parser, a_mistake_is_reported_with_its_place_and_remedy) {
  const Case cases[] = {
      {"", "0: expected a tag, a number, text, true, false or '(', found the end"},
      {"a.x >", "5: expected a tag, a number, text, true, false or '(', found the end"},
      {"a.x 5", "4: expected an operator or the end, found '5'"},
      {"(a.x", "4: expected ')', found the end"},
      {"a.x)", "3: expected an operator or the end, found ')'"},
      {"1 < a.x < 3", "8: comparisons do not chain; write 'a < b and b < c'"},
      {"a.x = 5", "4: '=' is not an operator here; write '==' to compare"},
      {"a.x && b.y", "4: '&&' is not an operator here; write 'and'"},
      {"!a.x", "0: '!' is not an operator here; write 'not', or '!=' for unequal"},
      {"'auto'", "0: ''' is not an operator here; text stands in double quotes"},
      {"5 > .5", "4: '.' is not an operator here; a number begins with a digit: 0.5"},
      {"a.x > 5 $", "8: unexpected '$'"},
      {"a.x \xc3\xa9", "4: unexpected character (code 195)"},
      {"temperature > 5", "0: unknown word 'temperature'; a tag is written device.tag"},
      {"avg > 5", "0: a function needs its arguments: avg(meter.power, 15min)"},
      {"avf(a.x, 1s)", "0: unknown function 'avf', did you mean 'avg'?"},
      {"sqrt(a.x)", "0: unknown function 'sqrt'"},
      {"avg(5, 1s)", "4: expected a tag, as in avg(meter.power, 15min), found '5'"},
      {"avg(a.x)", "7: expected a window, as in avg(meter.power, 15min), found ')'"},
      {"avg(a.x, 15)", "9: expected a window, as in avg(meter.power, 15min), found '15'"},
      {"avg(a.x, 25h)", "9: a window is 1s to 24h long"},
      {"avg(a.x, 999ms)", "9: a window is 1s to 24h long"},
      {"avg(a.x, 15 min)", "9: expected a window, as in avg(meter.power, 15min), found '15'"},
      {"changed(a.x, 1s)", "11: expected ')', as in changed(valve.open), found ','"},
      {"abs(1, 2)", "5: expected ')', as in abs(a.x - b.x), found ','"},
      {"5s > a.x", "0: a duration may stand only after 'for' and as the window of a function"},
      {"a.x > 5x", "6: '5x' has an unknown unit 'x'; use one of d, h, min, s, ms, us"},
      {"a.x > 1e999", "6: '1e999' is too large or too small"},
      {R"(a.x == "auto)", "7: text without a closing '\"'"},
      {R"(a.x == "a\n")", R"(9: only \" and \\ may follow a backslash in text)"},
      {"a.x > 5 for", "11: expected a duration after 'for', as in 'for 10s', found the end"},
      {"a.x > 5 for 0s", "12: a holding time is longer than 0s and at most 30d"},
      {"a.x > 5 for 31d", "12: a holding time is longer than 0s and at most 30d"},
      {"a.x > 5 for 1s and b.y", "15: 'for' stands at the end of the whole condition"},
      {"(a.x > 5 for 1s)", "9: expected ')', found 'for'"},
  };
  for (const Case& one : cases) EXPECT_EQ(postfix(one.text), one.expected) << one.text;
}

TEST(Parser, the_holding_time_belongs_to_the_whole_condition) {
  Problem problem;
  const auto tree = parse("a.x > 5 and b.y for 1.5s", problem);
  ASSERT_TRUE(tree);
  EXPECT_EQ(tree->holding, std::chrono::milliseconds(1500));
  EXPECT_EQ(tree->holding_at, 16u);
}

std::string repeat(std::string_view what, size_t times) {
  std::string out;
  for (size_t i = 0; i < times; ++i) out += what;
  return out;
}

TEST(Parser, nesting_ends_at_fifty) {
  EXPECT_EQ(postfix(repeat("(", 49) + "1" + repeat(")", 49)), "1");
  const std::string_view too_deep = "nested more than 50 deep";
  for (const std::string_view opening : {"(", "-", "not ", "abs(", "round(1,", "1+("}) {
    EXPECT_NE(postfix(repeat(opening, 200)).find(too_deep), std::string::npos) << opening;
  }
}

TEST(Parser, a_long_flat_sum_is_not_deep) {
  const std::string sum = "1" + repeat("+1", 999);
  ASSERT_LE(sum.size(), 2000u);
  Problem problem;
  const auto tree = parse(sum, problem);
  ASSERT_TRUE(tree) << problem.what;
  EXPECT_EQ(tree->nodes.size(), 1999u);
}

TEST(Parser, two_thousand_characters_are_the_end) {
  Problem problem;
  EXPECT_TRUE(parse(repeat(" ", 1999) + "1", problem));
  EXPECT_FALSE(parse(repeat(" ", 2000) + "1", problem));
  EXPECT_EQ(problem.what, "longer than 2000 characters");
}

}  // namespace
}  // namespace ferrule

#include <gtest/gtest.h>

#include "tests/unit/rules/plant.h"

namespace ferrule::test {
namespace {

// "line:column: what" of all complaints, a line each.
std::string shown(const Complaints& complaints) {
  std::string out;
  for (const Complaint& one : complaints) {
    if (!out.empty()) out += '\n';
    out += std::to_string(one.mark.line) + ":" + std::to_string(one.mark.column) + ": " + one.what;
  }
  return out;
}

struct Case {
  std::string_view expression;
  std::string_view expected;
};

TEST(RuleCheck, a_sound_condition_has_no_complaint) {
  Plant plant;
  for (const std::string_view when : {
           "boiler.temperature > 85 for 10s",
           "pump.running and not pump.fault",
           R"(mode.state == "auto" or mode.state != boiler.name)",
           "pump.running == pump.fault",
           "pump.running != true",
           "avg(boiler.temperature, 15min) > 85",
           "changed(mode.state) and changed(pump.running)",
           "abs(meter_1.power - meter_2.power) % 10 <= round(boiler.setpoint, 2)",
           "odd.thing",
           R"(odd.thing == "x")",
           "odd.thing > 5 and odd.thing",
           "pump.running",
       }) {
    EXPECT_EQ(shown(plant.check({plant.alarm(std::string(when))})), "") << when;
  }
}

TEST(RuleCheck, a_mistake_in_a_condition_is_said_at_its_column) {
  const Case cases[] = {
      {"boiler.temprature > 85", "11:11: unknown tag 'boiler.temprature', did you mean 'boiler.temperature'?"},
      {"5 > boilr.setpoint", "11:15: unknown tag 'boilr.setpoint', did you mean 'boiler.setpoint'?"},
      {"quite.else > 85", "11:11: unknown tag 'quite.else'"},
      {"boiler.temperature > ", "11:32: expected a tag, a number, text, true, false or '(', found the end"},
      {"boiler.temperature + 1", "11:11: a condition is true or false; this is a number"},
      {"mode.state", "11:11: a condition is true or false; this is text"},
      {"pump.running > 1", "11:24: '>' needs a number, not a boolean"},
      {"pump.running == 1", "11:24: '==' compares a boolean with a number"},
      {R"(boiler.temperature == "hot")", "11:30: '==' compares a number with text"},
      {R"(mode.state < "b")", "11:22: '<' needs a number, not text\n11:22: '<' needs a number, not text"},
      {"not boiler.temperature", "11:11: 'not' needs a boolean, not a number"},
      {"pump.running and boiler.temperature", "11:24: 'and' needs a boolean, not a number"},
      {"-pump.running > 0", "11:11: '-' needs a number, not a boolean"},
      {"abs(mode.state) > 0", "11:11: 'abs' needs a number, not text"},
      {"round(boiler.setpoint, true) > 0", "11:11: 'round' needs a number, not a boolean"},
      {"avg(pump.running, 10s) > 0", "11:11: a window needs a tag that is a number; 'pump.running' is a boolean"},
      {"avg(boiler.temp, 10s) > 0", "11:11: unknown tag 'boiler.temp', did you mean 'boiler.temperature'?"},
      {"changed(boiler.nam)", "11:11: unknown tag 'boiler.nam', did you mean 'boiler.name'?"},
      {"x.y > true", "11:11: unknown tag 'x.y'\n11:15: '>' needs a number, not a boolean"},
      {"true", "10:5: names no tag, so nothing would ever run it; give it `every`"},
  };
  for (const Case& one : cases) {
    Plant plant;
    EXPECT_EQ(shown(plant.check({plant.alarm(std::string(one.expression))})), one.expected) << one.expression;
  }
}

TEST(RuleCheck, a_known_name_that_is_not_configured_is_unknown) {
  Plant plant;
  plant.tag("boiler.removed");
  EXPECT_EQ(shown(plant.check({plant.alarm("boiler.removed > 1")})), "11:11: unknown tag 'boiler.removed'");
  EXPECT_EQ(shown(plant.check({plant.alarm("boiler.removd > 1")})), "11:11: unknown tag 'boiler.removd'");
}

TEST(RuleCheck, a_place_in_a_text_of_several_lines_is_a_count_of_characters) {
  Plant plant;
  EXPECT_EQ(shown(plant.check({plant.alarm("boiler.temperature > 85\nand pump.ruNNing")})),
            "11:11: unknown tag 'pump.ruNNing', did you mean 'pump.running'? (at character 29)");
}

TEST(RuleCheck, a_mark_that_is_nowhere_stays_nowhere) {
  Plant plant;
  RuleSettings rule = plant.alarm("boiler.temperature >");
  rule.when.mark = {};
  EXPECT_EQ(plant.check({rule})[0].mark, Mark{});
}

TEST(RuleCheck, several_mistakes_are_all_reported) {
  Plant plant;
  RuleSettings rule = plant.alarm("a.b > 1 and c.d > 1", "e.f", "{g.h} {boiler.setpoint}");
  EXPECT_EQ(shown(plant.check({rule})),
            "11:11: unknown tag 'a.b'\n11:23: unknown tag 'c.d'\n12:12: unknown tag 'e.f'\n"
            "10:5: unknown tag 'g.h' in the text");
}

TEST(RuleCheck, the_parts_of_a_rule_must_fit_together) {
  Plant plant;
  struct Shape {
    std::string_view name;
    void (*change)(RuleSettings&);
    std::string_view expected;
  };
  const Shape shapes[] = {
      {"as it is", [](RuleSettings&) {}, ""},
      {"nothing at all", [](RuleSettings& r) { r = RuleSettings{}; },
       "0:0: the rule does nothing; give it `when` and `alarm`, or `set`"},
      {"no alarm", [](RuleSettings& r) { r.severity.clear(); },
       "10:5: the rule does nothing when its condition is met; give it `alarm` or `set`"},
      {"no when", [](RuleSettings& r) { r.when = {}; },
       "10:5: the rule does nothing; give it `when` and `alarm`, or `set`\n10:5: `alarm` needs `when`"},
      {"value without set",
       [](RuleSettings& r) {
         r.value = {"boiler.setpoint", {21, 25, 0}};
       },
       "10:5: `set` names a tag and its value: set: plant.power = meter_1.power + meter_2.power"},
      {"every too short", [](RuleSettings& r) { r.every = 99ms; }, "10:5: `every` is at least 100ms"},
      {"every short", [](RuleSettings& r) { r.every = 100ms; }, ""},
      {"a brace too few", [](RuleSettings& r) { r.text = "at {boiler.setpoint"; },
       "10:5: the text has a '{' without its partner; a brace itself is written twice"},
      {"a brace too many", [](RuleSettings& r) { r.text = "at }"; },
       "10:5: the text has a '}' without its partner; a brace itself is written twice"},
      {"empty braces", [](RuleSettings& r) { r.text = "at {}"; },
       "10:5: the text has empty braces; name a tag, as in {boiler.temperature}"},
      {"braces themselves", [](RuleSettings& r) { r.text = "{{{boiler.setpoint}}}"; }, ""},
  };
  for (const Shape& shape : shapes) {
    RuleSettings rule = plant.alarm("boiler.temperature > 85");
    shape.change(rule);
    EXPECT_EQ(shown(plant.check({rule})), shape.expected) << shape.name;
  }
}

TEST(RuleCheck, until_needs_an_alarm) {
  Plant plant;
  RuleSettings rule = plant.set("plant.sum", "meter_1.power");
  rule.when = {"pump.running", {19, 3, 0}};
  rule.until = {"pump.fault", {19, 9, 0}};
  EXPECT_EQ(shown(plant.check({rule})), "19:9: `until` ends an alarm, and the rule has none");
}

TEST(RuleCheck, for_belongs_to_conditions_only) {
  Plant plant;
  EXPECT_EQ(shown(plant.check({plant.set("plant.sum", "meter_1.power for 10s")})),
            "21:39: 'for' belongs to a condition: use it in `when`");
}

TEST(RuleCheck, a_constant_needs_every) {
  Plant plant;
  RuleSettings rule = plant.set("plant.capacity", "500");
  EXPECT_EQ(shown(plant.check({rule})), "20:5: names no tag, so nothing would ever run it; give it `every`");
  rule.every = 1s;
  EXPECT_EQ(shown(plant.check({rule})), "");
}

TEST(RuleCheck, a_rule_may_not_read_what_it_sets) {
  Plant plant;
  EXPECT_EQ(shown(plant.check({plant.set("plant.sum", "plant.sum + 1")})),
            "21:10: the rule sets 'plant.sum', which it reads itself");
}

TEST(RuleCheck, two_rules_may_not_set_one_tag) {
  Plant plant;
  EXPECT_EQ(shown(plant.check({plant.set("plant.sum", "meter_1.power"), plant.set("plant.sum", "meter_2.power")})),
            "21:10: 'plant.sum' is already set by rule 'set_plant.sum'");
}

TEST(RuleCheck, a_loop_is_shown_as_the_way_round) {
  Plant plant;
  const auto complaints = plant.check({plant.set("plant.a", "plant.c + 1"), plant.set("plant.b", "plant.a + 1"),
                                       plant.set("plant.c", "plant.b + meter_1.power"), plant.set("plant.d", "plant.c")});
  ASSERT_EQ(complaints.size(), 1u) << shown(complaints);
  const std::string& what = complaints[0].what;
  EXPECT_NE(what.find("rules feed each other in a loop: "), std::string::npos);
  EXPECT_NE(what.find("'set_plant.a' -> 'set_plant.b'"), std::string::npos) << what;
  EXPECT_NE(what.find("'set_plant.c' -> 'set_plant.a'"), std::string::npos) << what;
  EXPECT_EQ(what.find("plant.d"), std::string::npos);
}

TEST(RuleCheck, a_gate_that_reads_the_derived_tag_is_a_loop_too) {
  Plant plant;
  RuleSettings rule = plant.set("plant.a", "meter_1.power");
  rule.when = {"plant.a > 5", {19, 3, 0}};
  EXPECT_EQ(shown(plant.check({rule})), "21:10: the rule sets 'plant.a', which it reads itself");
}

std::vector<RuleSettings> chain(Plant& plant, int length) {
  std::vector<RuleSettings> rules;
  for (int i = length; i > 0; --i) {
    const std::string from = i == 1 ? "meter_1.power" : "plant.t" + std::to_string(i - 1);
    rules.push_back(plant.set("plant.t" + std::to_string(i), from + " + 1"));
  }
  return rules;
}

TEST(RuleCheck, a_chain_has_at_most_eight_rules) {
  Plant plant;
  EXPECT_EQ(shown(plant.check(chain(plant, 8))), "");
  EXPECT_EQ(shown(plant.check(chain(plant, 9))), "20:5: a chain of more than 8 rules that feed each other ends here");
  EXPECT_EQ(plant.check(chain(plant, 30)).size(), 1u);
}

TEST(RuleCheck, the_type_of_a_derived_tag_is_known_where_it_is_read) {
  Plant plant;
  // The reader stands before the rule that sets the tag.
  EXPECT_EQ(shown(plant.check({plant.alarm("plant.hot > 1"), plant.set("plant.hot", "boiler.temperature > 85")})),
            "11:21: '>' needs a number, not a boolean");
  EXPECT_EQ(shown(plant.check({plant.alarm("plant.hot"), plant.set("plant.hot", "boiler.temperature > 85")})), "");
}

TEST(RuleCheck, a_derived_tag_is_among_the_suggestions) {
  Plant plant;
  EXPECT_EQ(shown(plant.check({plant.alarm("plant.hto"), plant.set("plant.hot", "boiler.temperature > 85")})),
            "11:11: unknown tag 'plant.hto', did you mean 'plant.hot'?");
}

TEST(RuleCheck, a_rule_names_at_most_64_tags) {
  for (const int count : {64, 65}) {
    Plant plant;
    std::string sum;
    for (int i = 0; i < count; ++i) {
      const std::string name = "d.t" + std::to_string(i);
      plant.add(name, ValueClass::number);
      sum += (i == 0 ? "" : " + ") + name;
    }
    EXPECT_EQ(shown(plant.check({plant.set("plant.sum", sum)})), count == 64 ? "" : "20:5: names more than 64 tags");
  }
}

TEST(RuleCheck, there_are_at_most_a_thousand_rules_and_windows) {
  Plant plant;
  std::vector<RuleSettings> rules(1000, plant.alarm("boiler.temperature > 1"));
  EXPECT_EQ(shown(plant.check(rules)), "");
  rules.push_back(rules[0]);
  EXPECT_EQ(shown(plant.check(rules)), "10:5: more than 1000 rules");

  rules.assign(500, rules[0]);
  for (size_t i = 0; i < rules.size(); ++i) {
    const std::string span = std::to_string(i + 1) + "s";
    rules[i].when.text = "avg(boiler.setpoint, " + span + ") > min(boiler.setpoint, " + span + ")";
  }
  EXPECT_EQ(shown(plant.check(rules)), "");
  rules.push_back(plant.alarm("max(boiler.setpoint, 1s) > 1"));
  EXPECT_EQ(shown(plant.check(rules)), "10:5: more than 1000 different windows in all rules together");
}

TEST(RuleCheck, a_thousand_rules_full_of_unknown_tags_are_checked_quickly) {
  Plant plant;
  for (int i = 0; i < 10000; ++i) plant.add("device" + std::to_string(i % 100) + ".tag" + std::to_string(i), ValueClass::number);
  std::string when = "device0.tagx";
  while (when.size() < 1980) when += "+device0.tagx";
  const std::vector<RuleSettings> rules(1000, plant.alarm(when));
  EXPECT_EQ(plant.check(rules).size(), 1000u);  // the tests' own time limit is the assertion
}

TEST(RuleCheck, one_rule_alone_is_checked_too) {
  Plant plant;
  Complaints complaints;
  check_rule(plant.alarm("boiler.temperature > tru"), plant.names, plant.kind(), complaints);
  EXPECT_EQ(shown(complaints), "11:32: unknown word 'tru'; a tag is written device.tag");
}

}  // namespace
}  // namespace ferrule::test

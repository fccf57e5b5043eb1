#include <gtest/gtest.h>

#include "rules/alarm_text.h"
#include "tests/unit/rules/plant.h"

namespace ferrule::test {
namespace {

// One thing that happens, and what the alarm says of it: "+" raised, "-" cleared, "" nothing.
struct Step {
  Duration when;
  std::string_view tag;  // empty: a tick
  Value value;           // none: a bad sample
  std::string_view expected;
};

void play(Plant& plant, const RuleSettings& rule, const std::vector<Step>& steps) {
  ASSERT_TRUE(plant.check({rule}).empty()) << plant.check({rule})[0].what;
  Bench bench(plant, {rule});
  size_t seen = 0;
  for (size_t i = 0; i < steps.size(); ++i) {
    const Step& step = steps[i];
    if (step.tag.empty()) {
      bench.tick(step.when);
    } else if (step.value.empty()) {
      bench.bad(step.tag, Reason::timeout, step.when);
    } else {
      bench.good(step.tag, step.value, step.when);
    }
    std::string found;
    for (; seen < bench.out.alarms.size(); ++seen) found += bench.out.alarms[seen].alarm.raised ? '+' : '-';
    EXPECT_EQ(found, step.expected) << "step " << i << " at " << step.when / 1ms << " ms";
  }
}

constexpr std::string_view kTemperature = "boiler.temperature";

TEST(Alarm, is_raised_once_when_the_condition_becomes_true_and_cleared_when_it_no_longer_is) {
  Plant plant;
  play(plant, plant.alarm("boiler.temperature > 85"),
       {{0s, kTemperature, 80.0, ""},
        {1s, kTemperature, 86.0, "+"},
        {2s, kTemperature, 87.0, ""},
        {3s, kTemperature, 85.0, "-"},
        {4s, kTemperature, 84.0, ""},
        {5s, kTemperature, 86.0, "+"}});
}

TEST(Alarm, is_raised_by_the_first_sample_already) {
  Plant plant;
  play(plant, plant.alarm("boiler.temperature > 85"), {{0s, kTemperature, 90.0, "+"}});
}

TEST(Alarm, with_until_has_a_hysteresis) {
  Plant plant;
  play(plant, plant.alarm("boiler.temperature > 85", "boiler.temperature < 80"),
       {{0s, kTemperature, 86.0, "+"},
        {1s, kTemperature, 82.0, ""},
        {2s, kTemperature, 86.0, ""},
        {3s, kTemperature, 79.0, "-"},
        {4s, kTemperature, 82.0, ""},
        {5s, kTemperature, 86.0, "+"}});
}

TEST(Alarm, keeps_its_state_while_the_condition_is_bad) {
  Plant plant;
  play(plant, plant.alarm("boiler.temperature > 85"),
       {{0s, kTemperature, {}, ""},
        {1s, kTemperature, 86.0, "+"},
        {2s, kTemperature, {}, ""},
        {3s, kTemperature, 86.0, ""},
        {4s, kTemperature, {}, ""},
        {5s, kTemperature, 80.0, "-"},
        {6s, kTemperature, {}, ""}});
  play(plant, plant.alarm("boiler.setpoint / boiler.temperature > 1"),
       {{0s, "boiler.setpoint", 10.0, ""},
        {1s, kTemperature, 5.0, "+"},
        {2s, kTemperature, 0.0, ""},
        {3s, kTemperature, 20.0, "-"},
        {4s, kTemperature, 0.0, ""}});
}

TEST(Alarm, waits_for_the_holding_time) {
  Plant plant;
  play(plant, plant.alarm("boiler.temperature > 85 for 10s"),
       {{0s, kTemperature, 86.0, ""},
        {9999ms, "", {}, ""},
        {10s, "", {}, "+"},
        {11s, kTemperature, 86.0, ""},
        {12s, kTemperature, 80.0, "-"},
        {13s, kTemperature, 86.0, ""},
        {20s, kTemperature, 80.0, ""},  // too short
        {21s, kTemperature, 86.0, ""},
        {30s, "", {}, ""},
        {31s, "", {}, "+"}});
}

TEST(Alarm, a_holding_time_ends_without_a_tick_too) {
  Plant plant;
  // The sample at 20 s is false, but until then the condition was held long enough.
  play(plant, plant.alarm("boiler.temperature > 85 for 10s"), {{0s, kTemperature, 86.0, ""}, {20s, kTemperature, 80.0, "+-"}});
}

TEST(Alarm, a_holding_time_counts_only_what_is_known) {
  Plant plant;
  play(plant, plant.alarm("boiler.temperature > 85 for 10s"),
       {{0s, kTemperature, 86.0, ""},
        {6s, kTemperature, {}, ""},
        {30s, "", {}, ""},
        {100s, kTemperature, 86.0, ""},
        {103s, "", {}, ""},
        {104s, "", {}, "+"}});
}

TEST(Alarm, a_false_value_starts_the_holding_time_anew_after_a_bad_one) {
  Plant plant;
  play(plant, plant.alarm("boiler.temperature > 85 for 10s"),
       {{0s, kTemperature, 86.0, ""},
        {6s, kTemperature, {}, ""},
        {7s, kTemperature, 80.0, ""},
        {8s, kTemperature, 86.0, ""},
        {17s, "", {}, ""},
        {18s, "", {}, "+"}});
}

TEST(Alarm, until_may_hold_too) {
  Plant plant;
  play(plant, plant.alarm("boiler.temperature > 85", "boiler.temperature < 80 for 5s"),
       {{0s, kTemperature, 70.0, ""},
        {10s, kTemperature, 86.0, "+"},
        {11s, kTemperature, 79.0, ""},
        {15s, kTemperature, 81.0, ""},
        {16s, kTemperature, 79.0, ""},
        {21s, "", {}, "-"}});
}

TEST(Alarm, until_begins_to_hold_when_the_alarm_is_raised) {
  Plant plant;
  play(plant, plant.alarm("boiler.temperature > 85", "pump.fault for 5s"),
       {{0s, "pump.fault", true, ""},
        {10s, kTemperature, 86.0, "+"},
        {15s, "", {}, "-"},
        {20s, kTemperature, 80.0, ""},
        {30s, kTemperature, 86.0, "+"},
        {34s, "", {}, ""},
        {35s, "", {}, "-"}});
}

TEST(Alarm, is_not_raised_again_before_its_condition_was_false) {
  Plant plant;
  play(plant, plant.alarm("boiler.temperature > 85", "pump.fault"),
       {{0s, "pump.fault", false, ""},
        {1s, kTemperature, 86.0, "+"},
        {2s, "pump.fault", true, "-"},
        {3s, kTemperature, 87.0, ""},
        {4s, "pump.fault", false, ""},
        {5s, kTemperature, 80.0, ""},
        {6s, kTemperature, 87.0, "+"}});
}

TEST(Alarm, a_condition_that_came_back_while_it_was_raised_does_not_raise_it_again) {
  Plant plant;
  play(plant, plant.alarm("boiler.temperature > 85", "pump.fault"),
       {{0s, "pump.fault", false, ""},
        {1s, kTemperature, 86.0, "+"},
        {2s, kTemperature, 80.0, ""},
        {3s, kTemperature, 86.0, ""},
        {4s, "pump.fault", true, "-"},
        {5s, kTemperature, 87.0, ""}});
}

TEST(Alarm, with_every_is_judged_only_then) {
  Plant plant;
  RuleSettings rule = plant.alarm("boiler.temperature > 85");
  rule.every = 10s;
  play(plant, rule,
       {{0s, "", {}, ""},
        {1s, kTemperature, 90.0, ""},
        {9s, kTemperature, 91.0, ""},
        {10s, "", {}, "+"},
        {11s, kTemperature, 1.0, ""},
        {20s, "", {}, "-"}});
}

TEST(Alarm, tells_when_it_wants_to_be_called_next) {
  Plant plant;
  Bench bench(plant, {plant.alarm("boiler.temperature > 85 for 10s")});
  EXPECT_EQ(bench.tick(0s), MonoTime::max());
  bench.good(kTemperature, 86.0, 1s);
  EXPECT_EQ(bench.tick(1s), at(11s));
  EXPECT_EQ(bench.tick(5s), at(11s));
  EXPECT_EQ(bench.tick(11s), MonoTime::max());
}

TEST(Alarm, carries_text_values_device_and_moment) {
  Plant plant;
  RuleSettings rule = plant.alarm("boiler.temperature > 85 for 10s", "",
                                  "Boiler at {boiler.temperature} °C, mode {mode.state}, set {boiler.setpoint} {{x}}");
  ASSERT_TRUE(plant.check({rule}).empty());
  Bench bench(plant, {rule});
  bench.good("mode.state", Value::text("auto"), 0s);
  bench.good(kTemperature, 813 * 0.1 + 5, 1s);
  bench.tick(12s);
  ASSERT_EQ(bench.out.alarms.size(), 1u);
  const auto& [alarm, device, moment] = bench.out.alarms[0];
  EXPECT_EQ(alarm.rule, "alarm");
  EXPECT_EQ(alarm.severity, "high");
  EXPECT_EQ(alarm.text, "Boiler at 86.3 °C, mode auto, set ? {x}");
  EXPECT_EQ(device, *plant.names.find_device("boiler"));
  EXPECT_EQ(moment, at(11s)) << "the end of the holding time, not the tick";
  ASSERT_EQ(alarm.values.size(), 3u);
  EXPECT_EQ(alarm.values[0].name, "boiler.temperature");
  EXPECT_EQ(alarm.values[0].value, Value(813 * 0.1 + 5));
  EXPECT_EQ(alarm.values[1].name, "mode.state");
  EXPECT_EQ(alarm.values[2].name, "boiler.setpoint");
  EXPECT_TRUE(alarm.values[2].value.empty());
}

TEST(Alarm, a_tag_in_the_text_alone_triggers_nothing) {
  Plant plant;
  Bench bench(plant, {plant.alarm("boiler.temperature > 85", "", "{boiler.setpoint}")});
  EXPECT_TRUE(bench.rules.wants(*plant.names.find_tag("boiler.setpoint")));
  bench.good("boiler.setpoint", 1.0, 0s);
  EXPECT_EQ(bench.rules.evaluations(), 0u);
}

TEST(AlarmText, numbers_read_well) {
  const std::pair<Value, std::string_view> cases[] = {
      {81.30000000000001, "81.3"}, {0.1f, "0.1"}, {1234567.875, "1234567.875"}, {int64_t{-5}, "-5"}, {1e20, "1e+20"},
      {Value::text("x"), "x"},     {true, "true"}};
  for (const auto& [value, expected] : cases) {
    Sample sample;
    sample.value = value;
    std::string out;
    append_readable(out, sample);
    EXPECT_EQ(out, expected);
  }
}

}  // namespace
}  // namespace ferrule::test

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "tests/unit/rules/plant.h"

namespace ferrule::test {
namespace {

// What a rule makes of: temperature 80.5, setpoint 20 (integer), name "kettle", running true, fault false, state "auto",
// meter_1.power 10 (unsigned), meter_2.power 0.
std::string result(std::string_view expression) {
  Plant plant;
  RuleSettings rule = plant.set("plant.x", std::string(expression));
  rule.every = 1s;
  if (const auto complaints = plant.check({rule}); !complaints.empty()) return "refused: " + complaints[0].what;
  Bench bench(plant, {rule});
  const std::pair<std::string_view, Value> values[] = {{"boiler.temperature", 80.5f},
                                                       {"boiler.setpoint", int64_t{20}},
                                                       {"boiler.name", Value::text("kettle")},
                                                       {"pump.running", true},
                                                       {"pump.fault", false},
                                                       {"mode.state", Value::text("auto")},
                                                       {"meter_1.power", uint64_t{10}},
                                                       {"meter_2.power", 0.0}};
  for (const auto& [name, value] : values) bench.good(name, value, 0s);
  bench.tick(1s);
  if (bench.out.samples.size() != 1) return "no sample";
  const Sample& sample = bench.out.samples[0];
  EXPECT_EQ(sample.quality == Quality::bad, sample.reason == Reason::rule_failed);
  EXPECT_EQ(bench.rules.failures(), sample.quality == Quality::bad ? 1u : 0u);
  return sample.quality == Quality::bad ? "bad" : std::string(to_text(sample.value.kind())) + " " + to_text(sample.value);
}

struct Case {
  std::string_view expression;
  std::string_view expected;
};

TEST(Evaluation, arithmetic) {
  const Case cases[] = {
      {"boiler.temperature + boiler.setpoint", "float64 100.5"},
      {"boiler.setpoint - meter_1.power * 2", "float64 0"},
      {"boiler.setpoint / 8", "float64 2.5"},
      {"boiler.setpoint % 7", "float64 6"},
      {"-boiler.setpoint % 7", "float64 -6"},
      {"-(1 + 2)", "float64 -3"},
      {"abs(3 - 5)", "float64 2"},
      {"round(80.5)", "float64 81"},
      {"round(-80.5)", "float64 -81"},
      {"round(3.14159, 2)", "float64 3.14"},
      {"round(1e300, 15)", "float64 1e+300"},
      {"round(12345.6, 0)", "float64 12346"},
  };
  for (const Case& one : cases) EXPECT_EQ(result(one.expression), one.expected) << one.expression;
}

TEST(Evaluation, truth_and_text) {
  const Case cases[] = {
      {"boiler.temperature > 80.5", "bool false"},
      {"boiler.temperature >= 80.5", "bool true"},
      {"boiler.temperature < 80.5", "bool false"},
      {"boiler.temperature <= 80.5", "bool true"},
      {"boiler.temperature == 80.5", "bool true"},
      {"boiler.setpoint != 20", "bool false"},
      {"pump.running and pump.fault", "bool false"},
      {"pump.running or pump.fault", "bool true"},
      {"not pump.running", "bool false"},
      {"pump.running == pump.fault", "bool false"},
      {"pump.running != pump.fault", "bool true"},
      {R"(mode.state == "auto")", "bool true"},
      {R"(mode.state != boiler.name)", "bool true"},
      {"mode.state", "text auto"},
      {R"("fixed")", "text fixed"},
      {"pump.running", "bool true"},
  };
  for (const Case& one : cases) EXPECT_EQ(result(one.expression), one.expected) << one.expression;
}

TEST(Evaluation, what_cannot_be_computed_is_bad) {
  for (const std::string_view expression :
       {"boiler.setpoint / meter_2.power", "boiler.setpoint % meter_2.power", "1 / (boiler.setpoint - 20) > 5", "1e308 * 10",
        "1e308 + 1e308", "-1e308 - 1e308", "1e308 * 10 > 5", "1 / 1e-320", "round(1, -1)", "round(1, 0.5)", "round(1, 16)",
        "avg(odd.thing, 10s)", "odd.thing", "odd.thing > 1 and false", "false and odd.thing > 1", "changed(odd.thing)",
        "rate(boiler.temperature, 10s)"}) {
    EXPECT_EQ(result(expression), "bad") << expression;
  }
}

TEST(Evaluation, a_tag_of_unknown_kind_that_turns_out_not_to_fit_gives_a_bad_sample) {
  const std::pair<std::string_view, Value> cases[] = {
      {"odd.thing + 1", Value::text("x")},   {"odd.thing + 1", true},       {"not odd.thing", 1.0},
      {"odd.thing == 1", Value::text("x")},  {"odd.thing and true", 1.0},   {"odd.thing or true", Value::text("x")},
      {"odd.thing == 1", Value::bytes("x")}, {"avg(odd.thing, 10s)", true}, {"abs(odd.thing)", Value::text("x")},
      {"odd.thing + 1", std::nan("")},       {"odd.thing > 1", HUGE_VAL},   {"-odd.thing", true},
  };
  for (const auto& [expression, value] : cases) {
    Plant plant;
    Bench bench(plant, {plant.set("plant.x", std::string(expression))});
    bench.good("odd.thing", value, 0s);
    ASSERT_EQ(bench.out.samples.size(), 1u);
    EXPECT_EQ(bench.out.samples[0].quality, Quality::bad) << expression;
    EXPECT_TRUE(bench.out.samples[0].value.empty());
  }
}

TEST(Evaluation, a_tag_of_unknown_kind_that_fits_works) {
  Plant plant;
  Bench bench(plant, {plant.set("plant.x", R"(odd.thing == "on")")});
  bench.good("odd.thing", Value::text("on"), 0s);
  ASSERT_EQ(bench.out.samples.size(), 1u);
  EXPECT_EQ(bench.out.samples[0].value, Value(true));
}

TEST(Evaluation, an_uncertain_input_makes_the_result_uncertain) {
  Plant plant;
  Bench bench(plant, {plant.set("plant.sum", "meter_1.power + meter_2.power")});
  bench.good("meter_1.power", 1.0, 0s);
  bench.uncertain("meter_2.power", 2.0, Reason::stale, 1s);
  const Sample& sample = bench.out.samples.back();
  EXPECT_EQ(sample.quality, Quality::uncertain);
  EXPECT_EQ(sample.reason, Reason::stale);
  EXPECT_EQ(sample.value, Value(3.0));
  bench.good("meter_2.power", 2.0, 2s);
  EXPECT_EQ(bench.out.samples.back().quality, Quality::good);
  EXPECT_EQ(bench.out.samples.back().reason, Reason::none);
}

TEST(Evaluation, changed_compares_with_the_last_known_value) {
  Plant plant;
  Bench bench(plant, {plant.set("plant.c", "changed(mode.state)")});
  const auto latest = [&] { return to_text(bench.out.samples.back().value); };
  bench.good("mode.state", Value::text("off"), 0s);
  EXPECT_EQ(latest(), "false");
  bench.good("mode.state", Value::text("off"), 1s);
  EXPECT_EQ(latest(), "false");
  bench.good("mode.state", Value::text("on"), 2s);
  EXPECT_EQ(latest(), "true");
  bench.good("mode.state", Value::text("on"), 3s);
  EXPECT_EQ(latest(), "false");
  bench.bad("mode.state", Reason::timeout, 4s);
  EXPECT_EQ(latest(), "none");
  bench.good("mode.state", Value::text("on"), 5s);
  EXPECT_EQ(latest(), "false");
  bench.bad("mode.state", Reason::timeout, 6s);
  bench.good("mode.state", Value::text("off"), 7s);
  EXPECT_EQ(latest(), "true");
}

}  // namespace
}  // namespace ferrule::test

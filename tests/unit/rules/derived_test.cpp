#include <gtest/gtest.h>

#include "tests/unit/rules/plant.h"

namespace ferrule::test {
namespace {

std::vector<std::string> shown(const Plant& plant, const std::vector<Sample>& samples) {
  std::vector<std::string> out;
  for (const Sample& one : samples) {
    const std::string value = one.quality == Quality::bad ? std::string(to_text(one.reason)) : to_text(one.value);
    out.push_back(plant.names.full_name(one.tag) + "=" + value);
  }
  return out;
}

using Lines = std::vector<std::string>;

TEST(Derived, a_tag_is_computed_at_each_sample_of_an_input) {
  Plant plant;
  Bench bench(plant, {plant.set("plant.sum", "meter_1.power + meter_2.power")});
  bench.good("meter_1.power", 1.0, 0s);
  bench.good("meter_2.power", 2.0, 1s);
  bench.good("boiler.setpoint", 7.0, 2s);
  bench.good("meter_1.power", 5.0, 3s);
  EXPECT_EQ(shown(plant, bench.out.samples), (Lines{"plant.sum=rule_failed", "plant.sum=3", "plant.sum=7"}));
  EXPECT_EQ(bench.out.samples.back().read_at, at(3s));
  EXPECT_EQ(bench.out.samples.back().value.kind(), Value::Kind::float64);
  EXPECT_EQ(bench.rules.evaluations(), 3u);
  EXPECT_EQ(bench.rules.failures(), 1u);
}

TEST(Derived, a_poll_in_one_call_is_one_evaluation) {
  Plant plant;
  Bench bench(plant, {plant.set("plant.sum", "meter_1.power - meter_2.power")});
  const Samples poll = {bench.sample("meter_1.power", 100.0, 0s), bench.sample("meter_2.power", 99.0, 10ms)};
  bench.rules.samples(poll, bench.out);
  EXPECT_EQ(shown(plant, bench.out.samples), (Lines{"plant.sum=1"}));
  EXPECT_EQ(bench.out.samples[0].read_at, at(10ms));
}

TEST(Derived, two_samples_of_one_tag_in_one_call_are_both_seen) {
  Plant plant;
  Bench bench(plant, {plant.set("plant.x", "meter_1.power")});
  const Samples poll = {bench.sample("meter_1.power", 1.0, 0s), bench.sample("meter_1.power", 2.0, 1s)};
  bench.rules.samples(poll, bench.out);
  EXPECT_EQ(shown(plant, bench.out.samples), (Lines{"plant.x=1", "plant.x=2"}));
}

TEST(Derived, tags_feed_further_rules_whatever_their_order) {
  Plant plant;
  // plant.c needs both others: it is computed once, after them.
  Bench bench(plant, {plant.set("plant.c", "plant.b - plant.a"), plant.set("plant.b", "plant.a * 10"),
                      plant.set("plant.a", "meter_1.power + 1"), plant.alarm("plant.c > 20")});
  bench.good("meter_1.power", 1.0, 0s);
  bench.good("meter_1.power", 2.0, 1s);
  EXPECT_EQ(shown(plant, bench.out.samples),
            (Lines{"plant.a=2", "plant.b=20", "plant.c=18", "plant.a=3", "plant.b=30", "plant.c=27"}));
  ASSERT_EQ(bench.out.alarms.size(), 1u);
}

TEST(Derived, a_chain_of_eight_works) {
  Plant plant;
  std::vector<RuleSettings> rules;
  for (int i = 8; i > 0; --i) {
    const std::string from = i == 1 ? "meter_1.power" : "plant.t" + std::to_string(i - 1);
    rules.push_back(plant.set("plant.t" + std::to_string(i), from + " + 1"));
  }
  Bench bench(plant, rules);
  bench.good("meter_1.power", 0.0, 0s);
  ASSERT_EQ(bench.out.samples.size(), 8u);
  EXPECT_EQ(bench.out.samples.back().value, Value(8.0));
}

TEST(Derived, a_bad_tag_makes_those_that_read_it_bad) {
  Plant plant;
  Bench bench(plant, {plant.set("plant.a", "1 / meter_1.power"), plant.set("plant.b", "plant.a + 1")});
  bench.good("meter_1.power", 0.0, 0s);
  EXPECT_EQ(shown(plant, bench.out.samples), (Lines{"plant.a=rule_failed", "plant.b=rule_failed"}));
}

TEST(Derived, the_rules_own_tags_are_not_wanted_from_outside) {
  Plant plant;
  Bench bench(plant, {plant.set("plant.a", "meter_1.power"), plant.set("plant.b", "plant.a")});
  EXPECT_TRUE(bench.rules.wants(*plant.names.find_tag("meter_1.power")));
  EXPECT_FALSE(bench.rules.wants(*plant.names.find_tag("meter_2.power")));
  EXPECT_FALSE(bench.rules.wants(*plant.names.find_tag("plant.a")));
  EXPECT_FALSE(bench.rules.wants(*plant.names.find_tag("plant.b")));
  EXPECT_FALSE(bench.rules.wants(TagId::none));
  bench.good("plant.a", 5.0, 0s);
  EXPECT_TRUE(bench.out.samples.empty());
}

TEST(Derived, every_is_a_fixed_rate_from_the_start) {
  Plant plant;
  RuleSettings rule = plant.set("plant.avg", "avg(meter_1.power, 10s)");
  rule.every = 10s;
  Bench bench(plant, {rule});
  EXPECT_EQ(bench.tick(0s), at(10s));
  bench.good("meter_1.power", 1.0, 3s);
  bench.good("meter_1.power", 3.0, 6s);
  EXPECT_TRUE(bench.out.samples.empty());
  EXPECT_EQ(bench.tick(10100ms), at(20s)) << "a late call does not shift the period";
  EXPECT_EQ(shown(plant, bench.out.samples), (Lines{"plant.avg=2"}));
  EXPECT_EQ(bench.tick(20s), at(30s));
  EXPECT_EQ(shown(plant, bench.out.samples).back(), "plant.avg=rule_failed") << "the window is empty";
}

TEST(Derived, what_a_pause_missed_is_not_made_up_for) {
  Plant plant;
  RuleSettings rule = plant.set("plant.x", "5");
  rule.every = 1s;
  Bench bench(plant, {rule});
  bench.tick(0s);
  EXPECT_EQ(bench.tick(600500ms), at(601s));
  EXPECT_EQ(bench.out.samples.size(), 1u);
}

TEST(Derived, samples_alone_drive_every_when_rules_are_replayed) {
  Plant plant;
  RuleSettings rule = plant.set("plant.n", "max(meter_1.power, 1min)");
  rule.every = 2s;
  Bench bench(plant, {rule});
  for (int i = 0; i < 5; ++i) bench.good("meter_1.power", static_cast<double>(i), std::chrono::seconds(i));
  // At 2 s and 4 s, before the samples of those moments.
  EXPECT_EQ(shown(plant, bench.out.samples), (Lines{"plant.n=1", "plant.n=3"}));
}

TEST(Derived, on_change_rules_follow_rules_with_every) {
  Plant plant;
  RuleSettings slow = plant.set("plant.avg", "avg(meter_1.power, 10s)");
  slow.every = 5s;
  Bench bench(plant, {plant.set("plant.twice", "plant.avg * 2"), slow});
  bench.good("meter_1.power", 4.0, 0s);
  EXPECT_TRUE(bench.out.samples.empty());
  bench.tick(5s);
  EXPECT_EQ(shown(plant, bench.out.samples), (Lines{"plant.avg=4", "plant.twice=8"}));
}

TEST(Derived, with_when_a_tag_is_computed_only_while_that_is_true) {
  Plant plant;
  RuleSettings rule = plant.set("plant.load", "meter_1.power * 2");
  rule.when = {"pump.running", {19, 3, 0}};
  ASSERT_TRUE(plant.check({rule}).empty());
  Bench bench(plant, {rule});
  bench.good("pump.running", false, 0s);
  bench.good("meter_1.power", 1.0, 1s);
  EXPECT_TRUE(bench.out.samples.empty());
  bench.good("pump.running", true, 2s);
  bench.good("meter_1.power", 2.0, 3s);
  bench.bad("pump.running", Reason::timeout, 4s);
  bench.good("pump.running", false, 5s);
  bench.good("meter_1.power", 3.0, 6s);
  EXPECT_EQ(shown(plant, bench.out.samples), (Lines{"plant.load=2", "plant.load=4", "plant.load=rule_failed"}));
}

TEST(Derived, with_a_held_when_a_tag_is_computed_at_the_end_of_the_holding_time) {
  Plant plant;
  RuleSettings rule = plant.set("plant.load", "meter_1.power");
  rule.when = {"pump.running for 10s", {19, 3, 0}};
  Bench bench(plant, {rule});
  bench.good("meter_1.power", 7.0, 0s);
  bench.good("pump.running", true, 1s);
  EXPECT_EQ(shown(plant, bench.out.samples), (Lines{"plant.load=rule_failed"})) << "the pump was not read yet";
  bench.tick(11s);
  ASSERT_EQ(bench.out.samples.size(), 2u);
  EXPECT_EQ(bench.out.samples[1].value, Value(7.0));
  EXPECT_EQ(bench.out.samples[1].read_at, at(11s));
}

TEST(Derived, one_rule_may_raise_an_alarm_and_set_a_tag) {
  Plant plant;
  RuleSettings rule = plant.alarm("boiler.temperature > 85");
  const RuleSettings set = plant.set("plant.excess", "boiler.temperature - 85");
  rule.set = set.set;
  rule.value = set.value;
  ASSERT_TRUE(plant.check({rule}).empty());
  Bench bench(plant, {rule});
  bench.good("boiler.temperature", 80.0, 0s);
  bench.good("boiler.temperature", 87.0, 1s);
  EXPECT_EQ(bench.out.alarms.size(), 1u);
  EXPECT_EQ(shown(plant, bench.out.samples), (Lines{"plant.excess=2"}));
}

TEST(Derived, a_thousand_rules_on_one_tag_all_run) {
  Plant plant;
  std::vector<RuleSettings> rules;
  for (int i = 0; i < 1000; ++i)
    rules.push_back(plant.set("plant.t" + std::to_string(i), "meter_1.power + " + std::to_string(i)));
  Bench bench(plant, rules);
  bench.good("meter_1.power", 1.0, 0s);
  EXPECT_EQ(bench.out.samples.size(), 1000u);
  EXPECT_EQ(bench.rules.evaluations(), 1000u);
}

}  // namespace
}  // namespace ferrule::test

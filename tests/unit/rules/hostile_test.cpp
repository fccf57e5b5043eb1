// What nobody sane writes, but a file may hold.
#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "tests/unit/rules/plant.h"

namespace ferrule::test {
namespace {

class Sound : public RuleOutput {
 public:
  void derived(const Sample& sample) override {
    EXPECT_EQ(sample.quality == Quality::bad, sample.value.empty());
    EXPECT_TRUE(std::isfinite(sample.value.number().value_or(0)));
    ++results;
  }
  void alarm(Alarm, DeviceId, MonoTime) override { ++results; }
  int results = 0;
};

constexpr std::string_view kWords[] = {"boiler.temperature",
                                       "boiler.setpoint",
                                       "pump.running",
                                       "mode.state",
                                       "odd.thing",
                                       "plant.x",
                                       "plant.y",
                                       "plant.z",
                                       "no.tag",
                                       "1",
                                       "0",
                                       "1e308",
                                       "0.5",
                                       "\"auto\"",
                                       "true",
                                       "false",
                                       " and ",
                                       " or ",
                                       "not ",
                                       "-",
                                       "+",
                                       "*",
                                       "/",
                                       "%",
                                       "==",
                                       "!=",
                                       "<",
                                       ">=",
                                       "(",
                                       ")",
                                       ",",
                                       "abs(",
                                       "round(",
                                       "avg(",
                                       "max(",
                                       "rate(",
                                       "changed(",
                                       ", 10s)",
                                       " for 2s",
                                       "\"",
                                       "{",
                                       "\\",
                                       "\n",
                                       "\xff",
                                       "9999999999999999999999s",
                                       "..",
                                       "a.",
                                       "==="};

std::string soup(std::mt19937& random) {
  std::string out;
  const size_t words = random() % 8 + 1;
  for (size_t i = 0; i < words; ++i) out += kWords[random() % std::size(kWords)];
  return out;
}

// Expressions that are mostly sound, so that the engine gets its share.
std::string grown(std::mt19937& random, int depth) {
  constexpr std::string_view kLeaves[] = {
      "boiler.temperature",          "boiler.setpoint",           "odd.thing",         "plant.x", "2", "0", "1e200",
      "avg(boiler.temperature, 2s)", "rate(boiler.setpoint, 5s)", "max(odd.thing, 1s)"};
  constexpr std::string_view kJoints[] = {" + ", " - ", " * ", " / ", " % "};
  if (depth == 0 || random() % 4 == 0) return std::string(kLeaves[random() % std::size(kLeaves)]);
  if (random() % 5 == 0) return "round(" + grown(random, depth - 1) + ", " + grown(random, depth - 1) + ")";
  return "(" + grown(random, depth - 1) + std::string(kJoints[random() % std::size(kJoints)]) + grown(random, depth - 1) + ")";
}

Sample any_sample(std::mt19937& random, const Plant& plant, Duration when) {
  constexpr std::string_view kInputs[] = {"boiler.temperature", "boiler.setpoint", "pump.running", "mode.state", "odd.thing"};
  const Value values[] = {static_cast<double>(random() % 100),
                          0.0,
                          1e300,
                          std::nan(""),
                          true,
                          Value::text("auto"),
                          Value::bytes("x"),
                          int64_t{-3},
                          Value()};
  Sample sample;
  sample.tag = *plant.names.find_tag(kInputs[random() % std::size(kInputs)]);
  sample.value = values[random() % std::size(values)];
  sample.read_at = at(when);
  if (random() % 5 == 0) sample.quality = Quality::uncertain;
  if (sample.value.empty()) sample.quality = Quality::bad;
  return sample;
}

// Checks; what is accepted runs. Returns whether it did.
bool survive(std::mt19937& random, Plant& plant, const std::vector<RuleSettings>& rules, Sound& judge) {
  if (!plant.check(rules).empty()) return false;
  Rules engine(rules, plant.names);
  for (int i = 0; i < 20; ++i) {
    const Duration when = std::chrono::milliseconds(i * 400);
    engine.sample(any_sample(random, plant, when), judge);
    if (i % 3 == 0) engine.tick(at(when), judge);
  }
  return true;
}

TEST(HostileRules, a_soup_of_words_is_refused_or_runs) {
  std::mt19937 random(1);
  Sound judge;
  int ran = 0;
  for (int round = 0; round < 5000; ++round) {
    Plant plant;
    RuleSettings rule = plant.alarm(soup(random), random() % 4 == 0 ? soup(random) : "", random() % 4 == 0 ? soup(random) : "");
    if (random() % 3 == 0) {
      rule = plant.set("plant.y", soup(random));
      rule.when = {random() % 2 == 0 ? soup(random) : "", {}};
    }
    ran += survive(random, plant, {rule}, judge) ? 1 : 0;
  }
  EXPECT_GT(ran, 20) << "the soup should now and then be a rule";
}

TEST(HostileRules, whatever_the_checker_accepts_gives_sound_samples) {
  std::mt19937 random(2);
  Sound judge;
  int ran = 0;
  for (int round = 0; round < 1000; ++round) {
    Plant plant;
    const std::vector<RuleSettings> rules = {plant.set("plant.x", grown(random, 3)), plant.set("plant.y", grown(random, 4)),
                                             plant.alarm(grown(random, 3) + " > " + grown(random, 2) + " for 1s")};
    ran += survive(random, plant, rules, judge) ? 1 : 0;
  }
  EXPECT_GT(ran, 100);
  EXPECT_GT(judge.results, 1000);
}

TEST(HostileRules, the_deepest_expression_runs) {
  std::string text = "boiler.temperature";
  for (int i = 0; i < 48; ++i) text = "1+(" + text + ")";
  Plant plant;
  const RuleSettings rule = plant.set("plant.x", text);
  ASSERT_TRUE(plant.check({rule}).empty()) << plant.check({rule})[0].what;
  Bench bench(plant, {rule});
  bench.good("boiler.temperature", 1.0, 0s);
  EXPECT_EQ(bench.out.samples.at(0).value, Value(49.0));
}

TEST(HostileRules, the_longest_flat_expression_runs) {
  std::string text = "boiler.temperature";
  while (text.size() < 1998) text += "+1";
  Plant plant;
  const RuleSettings rule = plant.set("plant.x", text);
  ASSERT_TRUE(plant.check({rule}).empty());
  Bench bench(plant, {rule});
  bench.good("boiler.temperature", 0.0, 0s);
  EXPECT_EQ(bench.out.samples.at(0).value, Value(990.0));
}

TEST(HostileRules, a_thousand_rules_in_one_loop_are_refused) {
  Plant plant;
  std::vector<RuleSettings> rules;
  for (int i = 0; i < 1000; ++i)
    rules.push_back(plant.set("plant.t" + std::to_string(i), "plant.t" + std::to_string((i + 1) % 1000) + " + 1"));
  EXPECT_EQ(plant.check(rules).size(), 1u);
}

TEST(HostileRules, times_that_jump_back_do_no_harm) {
  Plant plant;
  RuleSettings slow = plant.set("plant.x", "avg(boiler.temperature, 10s)");
  slow.every = 1s;
  Bench bench(plant, {slow, plant.alarm("boiler.temperature > 5 for 2s")});
  for (const Duration when : {Duration(10s), Duration(3s), Duration(50s), Duration(49s), Duration(0s)}) {
    bench.good("boiler.temperature", 9.0, when);
    bench.tick(when);
  }
  EXPECT_EQ(bench.out.alarms.size(), 1u);
}

}  // namespace
}  // namespace ferrule::test

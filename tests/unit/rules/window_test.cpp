#include "rules/window.h"

#include <gtest/gtest.h>

#include <deque>
#include <random>

#include "tests/unit/rules/plant.h"

namespace ferrule::test {
namespace {

Sample number(double value, Duration when, Quality quality = Quality::good) {
  Sample sample;
  sample.value = value;
  sample.read_at = at(when);
  sample.quality = quality;
  if (quality == Quality::uncertain) sample.reason = Reason::out_of_range;
  return sample;
}

TEST(Window, each_function_sees_the_samples_of_its_time) {
  struct Case {
    WindowKind kind;
    double expected;
  };
  for (const Case& one :
       {Case{WindowKind::average, 4}, Case{WindowKind::least, 2}, Case{WindowKind::most, 6}, Case{WindowKind::rate, -3.0 / 10}}) {
    Window window(one.kind, 10s);
    window.add(number(100, 0s));
    window.add(number(5, 9s));
    window.add(number(6, 10s));  // the end of the window looked at is 19 s: 9 s is beyond it, but for `rate` its start
    window.add(number(4, 15s));
    window.add(number(2, 19s));
    EXPECT_DOUBLE_EQ(window.value(at(19s)).value(), one.expected) << static_cast<int>(one.kind);
  }
}

TEST(Window, an_empty_one_has_no_value) {
  for (const WindowKind kind : {WindowKind::average, WindowKind::least, WindowKind::most, WindowKind::rate}) {
    Window window(kind, 10s);
    EXPECT_FALSE(window.value(at(0s)));
    window.add(number(1, 0s));
    EXPECT_FALSE(window.value(at(11s))) << "the sample is too old";
    EXPECT_EQ(window.size(), 0u);
  }
}

TEST(Window, a_rate_needs_two_different_times) {
  Window window(WindowKind::rate, 10s);
  window.add(number(1, 0s));
  EXPECT_FALSE(window.value(at(0s)));
  window.add(number(5, 0s));
  EXPECT_FALSE(window.value(at(0s)));
  window.add(number(9, 2s));
  EXPECT_DOUBLE_EQ(window.value(at(2s)).value(), 4);
}

TEST(Window, what_is_bad_or_no_number_is_left_out) {
  Window window(WindowKind::average, 10s);
  window.add(number(4, 0s));
  window.add(number(1000, 1s, Quality::bad));
  Sample text = number(0, 2s);
  text.value = Value::text("x");
  window.add(text);
  window.add(number(std::numeric_limits<double>::quiet_NaN(), 3s));
  EXPECT_DOUBLE_EQ(window.value(at(3s)).value(), 4);
}

TEST(Window, doubt_leaves_with_the_sample_that_brought_it) {
  Window window(WindowKind::least, 10s);
  window.add(number(9, 0s, Quality::uncertain));
  window.add(number(1, 5s));  // beats it, but the doubt stays
  EXPECT_EQ(window.doubt(at(9s)), Reason::out_of_range);
  EXPECT_EQ(window.doubt(at(10s)), std::nullopt);
}

TEST(Window, the_oldest_leave_early_when_there_are_too_many) {
  Window window(WindowKind::average, 24h);
  for (int i = 0; i < 10001; ++i) window.add(number(i, Duration(1ms) * i));
  EXPECT_EQ(window.size(), 10000u);
  EXPECT_DOUBLE_EQ(window.value(at(11s)).value(), (1 + 10000) / 2.0);
}

TEST(Window, a_huge_value_leaves_no_trace_in_the_average) {
  Window window(WindowKind::average, 10s);
  window.add(number(1e300, 0s));
  window.add(number(0.1, 1s));
  EXPECT_DOUBLE_EQ(window.value(at(1s)).value(), 5e299);
  window.add(number(0.3, 10500ms));
  EXPECT_DOUBLE_EQ(window.value(at(10500ms)).value(), 0.2);
}

TEST(Window, a_sample_from_the_past_keeps_the_order) {
  Window window(WindowKind::rate, 10s);
  window.add(number(0, 5s));
  window.add(number(1, 4s));
  window.add(number(10, 10s));
  EXPECT_DOUBLE_EQ(window.value(at(10s)).value(), 2);
}

// Against the plain way to compute it.
TEST(Window, agrees_with_a_plain_model) {
  std::mt19937 random(7);
  for (const WindowKind kind : {WindowKind::average, WindowKind::least, WindowKind::most, WindowKind::rate}) {
    Window window(kind, 3s);
    std::deque<std::pair<Duration, double>> model;
    Duration now{0};
    for (int i = 0; i < 5000; ++i) {
      now += std::chrono::milliseconds(random() % 400);
      if (random() % 50 == 0) now += 5s;
      const double value = static_cast<double>(random() % 1000) / 8;
      if (random() % 4 != 0) {
        window.add(number(value, now));
        model.emplace_back(now, value);
      }
      while (!model.empty() && (kind == WindowKind::rate ? model.front().first < now - 3s : model.front().first <= now - 3s))
        model.pop_front();
      std::optional<double> expected;
      if (!model.empty()) {
        double sum = 0, least = model.front().second, most = least;
        for (const auto& [when, one] : model) sum += one, least = std::min(least, one), most = std::max(most, one);
        const double seconds = std::chrono::duration<double>(model.back().first - model.front().first).count();
        switch (kind) {
          case WindowKind::average: expected = sum / static_cast<double>(model.size()); break;
          case WindowKind::least: expected = least; break;
          case WindowKind::most: expected = most; break;
          case WindowKind::rate:
            if (seconds > 0) expected = (model.back().second - model.front().second) / seconds;
        }
      }
      const auto found = window.value(at(now));
      ASSERT_EQ(found.has_value(), expected.has_value()) << i;
      ASSERT_NEAR(found.value_or(0), expected.value_or(0), 1e-9) << i;
    }
  }
}

TEST(WindowRule, a_bad_poll_makes_the_average_uncertain_not_bad) {
  Plant plant;
  RuleSettings rule = plant.set("plant.avg", "avg(meter_1.power, 10s)");
  Bench bench(plant, {rule});
  bench.good("meter_1.power", 2.0, 0s);
  bench.good("meter_1.power", 4.0, 1s);
  bench.bad("meter_1.power", Reason::timeout, 2s);
  EXPECT_EQ(bench.out.samples.back().value, Value(3.0));
  EXPECT_EQ(bench.out.samples.back().quality, Quality::uncertain);
  EXPECT_EQ(bench.out.samples.back().reason, Reason::timeout);
  bench.good("meter_1.power", 6.0, 3s);
  EXPECT_EQ(bench.out.samples.back().value, Value(4.0));
  EXPECT_EQ(bench.out.samples.back().quality, Quality::good);
  bench.bad("meter_1.power", Reason::timeout, 20s);
  EXPECT_EQ(bench.out.samples.back().quality, Quality::bad) << "nothing is left in the window";
}

TEST(WindowRule, rules_share_equal_windows_and_keep_different_ones_apart) {
  Plant plant;
  Bench bench(plant, {plant.set("plant.a", "avg(meter_1.power, 10s)"), plant.set("plant.b", "avg(meter_1.power, 10s)"),
                      plant.set("plant.c", "avg(meter_1.power, 20s)")});
  bench.good("meter_1.power", 1.0, 0s);
  bench.good("meter_1.power", 3.0, 15s);
  ASSERT_EQ(bench.out.samples.size(), 6u);
  EXPECT_EQ(bench.out.samples[3].value, Value(3.0));
  EXPECT_EQ(bench.out.samples[4].value, Value(3.0));
  EXPECT_EQ(bench.out.samples[5].value, Value(2.0));
}

}  // namespace
}  // namespace ferrule::test

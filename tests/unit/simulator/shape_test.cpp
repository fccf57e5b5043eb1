#include "simulator/shape.h"

#include <gtest/gtest.h>

#include <set>

namespace ferrule::simulator {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(Shape, a_constant_never_changes) {
  const Shape shape{.value = 650};
  EXPECT_EQ(number_at(shape, seconds(0), 0), 650);
  EXPECT_EQ(number_at(shape, seconds(86400 * 365), 0), 650);
}

TEST(Shape, a_sine_passes_its_quarters) {
  const Shape shape{.kind = ShapeKind::sine, .mean = 80, .amplitude = 10, .period = seconds(20)};
  const std::pair<Duration, double> expected[] = {
      {seconds(0), 80}, {seconds(5), 90}, {seconds(10), 80}, {seconds(15), 70}, {seconds(2'000'005), 90}};
  for (const auto& [since, number] : expected) EXPECT_NEAR(number_at(shape, since, 0), number, 1e-9);
}

TEST(Shape, a_ramp_rises_and_falls_back_at_once) {
  const Shape shape{.kind = ShapeKind::ramp, .mean = 50, .amplitude = 50, .period = seconds(10)};
  EXPECT_NEAR(number_at(shape, seconds(0), 0), 0, 1e-9);
  EXPECT_NEAR(number_at(shape, seconds(5), 0), 50, 1e-9);
  EXPECT_NEAR(number_at(shape, milliseconds(9999), 0), 99.99, 1e-9);
  EXPECT_NEAR(number_at(shape, seconds(10), 0), 0, 1e-9);
}

TEST(Shape, a_square_has_two_values) {
  const Shape shape{.kind = ShapeKind::square, .mean = 5, .amplitude = 2, .period = seconds(2)};
  EXPECT_EQ(number_at(shape, milliseconds(999), 0), 7);
  EXPECT_EQ(number_at(shape, milliseconds(1000), 0), 3);
  EXPECT_EQ(number_at(shape, milliseconds(2000), 0), 7);
}

TEST(Shape, a_counter_rises_by_one_step_each_time) {
  const Shape shape{.kind = ShapeKind::counter, .value = 100, .step = 3, .every = milliseconds(100)};
  for (int n = 0; n < 1000; ++n) EXPECT_EQ(number_at(shape, milliseconds(100 * n), 0), 100 + 3 * n);
  EXPECT_EQ(number_at(shape, milliseconds(199), 0), 103);
}

TEST(Shape, the_spread_tells_the_values_of_a_row_apart) {
  const Shape shape{.value = 10, .spread = 0.5};
  EXPECT_EQ(number_at(shape, seconds(0), 0), 10);
  EXPECT_EQ(number_at(shape, seconds(0), 7), 13.5);
}

TEST(Shape, a_random_walk_stays_within_its_bounds_and_moves_little_at_a_time) {
  const Shape shape{.kind = ShapeKind::random_walk, .mean = 20, .amplitude = 5, .period = seconds(10), .seed = 7};
  double before = number_at(shape, seconds(0), 0);
  std::set<double> seen;
  for (int ms = 0; ms < 600'000; ms += 50) {
    const double now = number_at(shape, milliseconds(ms), 0);
    EXPECT_GE(now, 15);
    EXPECT_LE(now, 25);
    EXPECT_LT(std::abs(now - before), 0.5);
    before = now;
    seen.insert(now);
  }
  EXPECT_GT(seen.size(), 10'000u);
}

TEST(Shape, a_random_walk_is_the_same_again_with_the_same_seed_only) {
  Shape shape{.kind = ShapeKind::random_walk, .mean = 0, .amplitude = 1, .seed = 7};
  const double first = number_at(shape, seconds(33), 0);
  EXPECT_EQ(number_at(shape, seconds(33), 0), first);
  shape.seed = 8;
  EXPECT_NE(number_at(shape, seconds(33), 0), first);
}

}  // namespace
}  // namespace ferrule::simulator

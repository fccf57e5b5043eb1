#include "simulator/shape.h"

#include <cmath>
#include <numbers>

namespace ferrule::simulator {

namespace {

struct Phase {
  int64_t whole;    // periods gone by
  double fraction;  // of the running one, 0 <= fraction < 1
};

Phase phase(Duration since, Duration period) {
  const int64_t whole = since / period;
  const Duration rest = since - whole * period;
  return {whole, static_cast<double>(rest.count()) / static_cast<double>(period.count())};
}

// SplitMix64: one round is enough to make neighbouring inputs unlike each other.
uint64_t mixed(uint64_t x) {
  x += 0x9e3779b97f4a7c15ull;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ull;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebull;
  return x ^ (x >> 31);
}

// -1 .. 1, the same for the same arguments.
double noise(uint64_t seed, uint64_t octave, int64_t step) {
  const uint64_t bits = mixed(mixed(seed * 31 + octave) ^ static_cast<uint64_t>(step));
  return static_cast<double>(bits >> 11) / static_cast<double>(1ull << 52) - 1.0;
}

// A true walk would have to add up every step since the start at each read. Noise of four octaves wanders alike, stays within
// its bounds, and costs the same at any moment.
double wander(uint64_t seed, Duration since, Duration period) {
  double sum = 0;
  double weight = 0.5;
  for (uint64_t octave = 0; octave < 4; ++octave) {
    const Phase at = phase(since, period);
    const double from = noise(seed, octave, at.whole);
    const double to = noise(seed, octave, at.whole + 1);
    const double ease = at.fraction * at.fraction * (3 - 2 * at.fraction);
    sum += weight * (from + (to - from) * ease);
    weight /= 2;
    period = std::max(period / 2, Duration{1});
  }
  return sum;
}

}  // namespace

double number_at(const Shape& shape, Duration since, uint32_t n) {
  const double shift = shape.spread * n;
  switch (shape.kind) {
    case ShapeKind::constant: return shape.value + shift;
    case ShapeKind::counter: return shape.value + shift + shape.step * static_cast<double>(since / shape.every);
    case ShapeKind::sine:
      return shape.mean + shift + shape.amplitude * std::sin(2 * std::numbers::pi * phase(since, shape.period).fraction);
    case ShapeKind::ramp: return shape.mean + shift + shape.amplitude * (2 * phase(since, shape.period).fraction - 1);
    case ShapeKind::square:
      return shape.mean + shift + (phase(since, shape.period).fraction < 0.5 ? shape.amplitude : -shape.amplitude);
    case ShapeKind::random_walk: return shape.mean + shift + shape.amplitude * wander(shape.seed + n, since, shape.period);
    case ShapeKind::text: return 0;
  }
  return 0;
}

}  // namespace ferrule::simulator

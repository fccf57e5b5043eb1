// How a simulated quantity runs over time. Pure: the same shape, moment and place give the same number, so that a test can say
// what the gateway must have read, and a plant of 100,000 registers costs nothing while nobody reads it.
//
// Thread safety: values and pure functions.
#pragma once

#include <cstdint>
#include <string>

#include "core/clock.h"

namespace ferrule::simulator {

enum class ShapeKind : uint8_t {
  constant,     // value
  sine,         // mean + amplitude * sin
  ramp,         // from mean - amplitude up to mean + amplitude, then back at once
  square,       // mean + amplitude for half a period, then mean - amplitude
  counter,      // value, then one `step` more each `every`: a reader sees every gap
  random_walk,  // wanders within mean +- amplitude, turning about once a period; the same each run with the same seed
  text,         // text
};

struct Shape {
  ShapeKind kind = ShapeKind::constant;
  double value = 0;
  double mean = 0;
  double amplitude = 1;
  Duration period{std::chrono::seconds(10)};  // > 0
  double step = 1;
  Duration every{std::chrono::seconds(1)};  // > 0
  double spread = 0;                        // added n times to the n-th item of a row
  uint64_t seed = 1;
  std::string text;
};

// The number that item `n` (0 = the first) of a row shows `since` the plant was started (>= 0). 0 for a text.
double number_at(const Shape& shape, Duration since, uint32_t n);

}  // namespace ferrule::simulator

// What raw registers may mean: every type, word order and scale that they can be read with. Pure.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "drivers_common/wire_value.h"

namespace ferrule {

struct Layout {
  size_t offset = 0;  // in registers, from the first byte
  WireType type = WireType::uint16;
  ByteOrder order = ByteOrder::abcd;
  double scale = 1;
  double value = 0;  // after scaling
};

// A number that a person read on a display, and how far it may be off: half of its last digit ("230.1": 0.05), or `tolerance`.
struct Expected {
  double number = 0;
  double within = 0;
};
Result<Expected> parse_expected(const std::string& text, const std::string& tolerance);  // tolerance: "", "0.5" or "1%"

// Every layout of `bytes` that gives the number: the likeliest first, that is with the plainest scale and order, then the
// nearest.
std::vector<Layout> layouts_giving(std::span<const uint8_t> bytes, const Expected& expected);

struct Reading {
  std::string type, order, value;
};
// Every reading of what begins at register `offset` and fits in the bytes: "uint16", "AB", "17254". Types of one register, of
// two, of four; texts are left out.
std::vector<Reading> readings_at(std::span<const uint8_t> bytes, size_t offset);

}  // namespace ferrule

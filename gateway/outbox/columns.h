// How the values of one tag become integers that lie close together.
//
// A column is every value of one kind of one tag in a block, in order. Its bits are mapped to integers by the first form that
// gives back exactly the same bits for every one of them, then stored as the differences between neighbours. A slowly moving
// float32 costs about 2 bytes, a scaled integer (81.4) or a counter 1 byte or less, a constant nearly nothing.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/value.h"

namespace ferrule::outbox {

// Part of the file format: add at the end, never renumber.
enum class Form : uint8_t {
  plain,           // the bits are the integer: booleans, integers, indices of texts
  float32,         // bits in the order of the numbers
  float64,         // the same
  float64_narrow,  // a float64 that is exactly a float32
  tenths_product,  // float64 = n * 0.1; what `scale: 0.1` makes
  hundredths_product,
  thousandths_product,
  whole,   // float64 = n
  tenths,  // float64 = n / 10
  hundredths,
  thousandths,
};
inline constexpr uint8_t kForms = 11;

bool fits(Form form, Value::Kind kind);

// The bits of a number or boolean; texts have none.
uint64_t bits_of(const Value& value);
// The number or boolean of this kind with these bits; nothing for other kinds.
Value value_of(Value::Kind kind, uint64_t bits);

// The form in which all of these bits come back exactly. `bits` is not empty.
Form choose_form(Value::Kind kind, std::span<const uint64_t> bits);

// Replaces the bits by integers, and back.
void to_integers(Form form, std::span<uint64_t> numbers);
void to_bits(Form form, std::span<uint64_t> numbers);

}  // namespace ferrule::outbox

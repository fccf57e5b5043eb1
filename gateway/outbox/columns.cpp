#include "outbox/columns.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>

namespace ferrule::outbox {

namespace {

// IEEE bits as unsigned integers that rise with the number, across zero too.
template <class Unsigned>
constexpr Unsigned ordered(Unsigned bits) {
  constexpr Unsigned kSign = Unsigned{1} << (8 * sizeof(Unsigned) - 1);
  return (bits & kSign) != 0 ? static_cast<Unsigned>(~bits) : static_cast<Unsigned>(bits | kSign);
}

template <class Unsigned>
constexpr Unsigned unordered(Unsigned code) {
  constexpr Unsigned kSign = Unsigned{1} << (8 * sizeof(Unsigned) - 1);
  return (code & kSign) != 0 ? static_cast<Unsigned>(code ^ kSign) : static_cast<Unsigned>(~code);
}

constexpr double kLargestExact = 9007199254740992.0;  // 2^53

struct Decimal {
  double factor = 1;
  bool product = false;  // value = n * factor, else n / factor
};

Decimal decimal(Form form) {
  switch (form) {
    case Form::tenths_product: return {0.1, true};
    case Form::hundredths_product: return {0.01, true};
    case Form::thousandths_product: return {0.001, true};
    case Form::tenths: return {10, false};
    case Form::hundredths: return {100, false};
    case Form::thousandths: return {1000, false};
    default: return {1, false};
  }
}

uint64_t nearest_integer(Decimal decimal, double value) {
  const double scaled = std::nearbyint(decimal.product ? value / decimal.factor : value * decimal.factor);
  if (!(std::fabs(scaled) < kLargestExact)) return 0;  // NaN, infinity, too large: does not come back, so the form is not taken
  return static_cast<uint64_t>(static_cast<int64_t>(scaled));
}

double from_integer(Decimal decimal, uint64_t integer) {
  const auto number = static_cast<double>(static_cast<int64_t>(integer));
  return decimal.product ? number * decimal.factor : number / decimal.factor;
}

uint64_t integer_of(Form form, uint64_t bits) {
  switch (form) {
    case Form::plain: return bits;
    case Form::float32: return ordered(static_cast<uint32_t>(bits));
    case Form::float64: return ordered(bits);
    case Form::float64_narrow: {
      const auto value = std::bit_cast<double>(bits);
      if (!(std::fabs(value) <= 3.4e38)) return 0;  // converting what does not fit is undefined
      return ordered(std::bit_cast<uint32_t>(static_cast<float>(value)));
    }
    default: return nearest_integer(decimal(form), std::bit_cast<double>(bits));
  }
}

uint64_t bits_of_integer(Form form, uint64_t integer) {
  switch (form) {
    case Form::plain: return integer;
    case Form::float32: return unordered(static_cast<uint32_t>(integer));
    case Form::float64: return unordered(integer);
    case Form::float64_narrow: {
      const auto value = std::bit_cast<float>(unordered(static_cast<uint32_t>(integer)));
      return std::bit_cast<uint64_t>(static_cast<double>(value));
    }
    default: return std::bit_cast<uint64_t>(from_integer(decimal(form), integer));
  }
}

constexpr std::array kFloat64Forms = {Form::whole,      Form::tenths_product,      Form::tenths,      Form::hundredths_product,
                                      Form::hundredths, Form::thousandths_product, Form::thousandths, Form::float64_narrow};

}  // namespace

bool fits(Form form, Value::Kind kind) {
  switch (form) {
    case Form::plain: return kind != Value::Kind::none && kind != Value::Kind::float32 && kind != Value::Kind::float64;
    case Form::float32: return kind == Value::Kind::float32;
    default: return kind == Value::Kind::float64;
  }
}

uint64_t bits_of(const Value& value) {
  switch (value.kind()) {
    case Value::Kind::boolean: return value.as_bool() ? 1 : 0;
    case Value::Kind::integer: return static_cast<uint64_t>(value.as_int());
    case Value::Kind::unsigned_integer: return value.as_uint();
    case Value::Kind::float32: return std::bit_cast<uint32_t>(value.as_float());
    case Value::Kind::float64: return std::bit_cast<uint64_t>(value.as_double());
    default: return 0;
  }
}

Value value_of(Value::Kind kind, uint64_t bits) {
  switch (kind) {
    case Value::Kind::boolean: return bits != 0;
    case Value::Kind::integer: return static_cast<int64_t>(bits);
    case Value::Kind::unsigned_integer: return bits;
    case Value::Kind::float32: return std::bit_cast<float>(static_cast<uint32_t>(bits));
    case Value::Kind::float64: return std::bit_cast<double>(bits);
    default: return {};
  }
}

Form choose_form(Value::Kind kind, std::span<const uint64_t> bits) {
  if (kind == Value::Kind::float32) return Form::float32;
  if (kind != Value::Kind::float64) return Form::plain;
  for (const Form form : kFloat64Forms) {
    if (std::all_of(bits.begin(), bits.end(), [form](uint64_t b) { return bits_of_integer(form, integer_of(form, b)) == b; })) {
      return form;
    }
  }
  return Form::float64;
}

void to_integers(Form form, std::span<uint64_t> numbers) {
  if (form == Form::plain) return;
  for (uint64_t& number : numbers) number = integer_of(form, number);
}

void to_bits(Form form, std::span<uint64_t> numbers) {
  if (form == Form::plain) return;
  for (uint64_t& number : numbers) number = bits_of_integer(form, number);
}

}  // namespace ferrule::outbox

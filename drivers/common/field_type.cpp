#include "drivers_common/field_type.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <string>

namespace ferrule {

namespace {

template <class Number>
std::optional<Number> parsed(std::string_view letters) {
  if (letters.size() > 1 && letters[0] == '+' && letters[1] != '-') letters.remove_prefix(1);
  Number number{};
  const auto [end, error] = std::from_chars(letters.data(), letters.data() + letters.size(), number);
  if (error != std::errc() || end != letters.data() + letters.size()) return std::nullopt;
  return number;
}

std::optional<Value> boolean_of(std::string_view letters) {
  std::string lower(letters.substr(0, 8));
  std::ranges::transform(lower, lower.begin(), [](char letter) { return letter >= 'A' && letter <= 'Z' ? letter + 32 : letter; });
  constexpr std::array<std::string_view, 5> kTrue{"1", "true", "on", "yes", "t"};
  constexpr std::array<std::string_view, 5> kFalse{"0", "false", "off", "no", "f"};
  if (std::ranges::find(kTrue, lower) != kTrue.end()) return Value(true);
  if (std::ranges::find(kFalse, lower) != kFalse.end()) return Value(false);
  return std::nullopt;
}

std::optional<Value> integer_within(const Value& value, FieldType type) {
  const int bits = static_cast<int>(field_size(type)) * 8;
  if (is_signed(type)) {
    if (value.kind() == Value::Kind::unsigned_integer) return std::nullopt;  // beyond 2^63
    const int64_t most = bits == 64 ? std::numeric_limits<int64_t>::max() : (int64_t{1} << (bits - 1)) - 1;
    if (value.as_int() > most || value.as_int() < -most - 1) return std::nullopt;
    return value;
  }
  const uint64_t most = bits == 64 ? std::numeric_limits<uint64_t>::max() : (uint64_t{1} << bits) - 1;
  if (value.kind() == Value::Kind::integer && value.as_int() < 0) return std::nullopt;
  const uint64_t number = value.kind() == Value::Kind::integer ? static_cast<uint64_t>(value.as_int()) : value.as_uint();
  if (number > most) return std::nullopt;
  return Value(number);
}

std::optional<Value> integer_of(std::string_view letters, FieldType type) {
  if (const auto number = parsed<int64_t>(letters)) return integer_within(Value(*number), type);
  if (const auto number = parsed<uint64_t>(letters)) return integer_within(Value(*number), type);
  return std::nullopt;
}

// 21.0 is a whole number, 21.5 is none.
std::optional<Value> integer_of(double number, FieldType type) {
  if (!std::isfinite(number) || std::trunc(number) != number) return std::nullopt;
  if (number >= 0x1p63 && number < 0x1p64) return integer_within(Value(static_cast<uint64_t>(number)), type);
  if (number < -0x1p63 || number >= 0x1p63) return std::nullopt;
  return integer_within(Value(static_cast<int64_t>(number)), type);
}

std::optional<Value> float_of(double number, FieldType type) {
  if (type == FieldType::float64) return Value(number);
  if (std::isfinite(number) && std::abs(number) > std::numeric_limits<float>::max()) return std::nullopt;
  return Value(static_cast<float>(number));
}

}  // namespace

std::string_view without_blanks(std::string_view letters) {
  constexpr std::string_view kBlank = " \t\r\n";
  const size_t first = letters.find_first_not_of(kBlank);
  if (first == std::string_view::npos) return {};
  return letters.substr(first, letters.find_last_not_of(kBlank) - first + 1);
}

std::optional<FieldType> field_type(std::string_view word) {
  for (size_t i = 0; i < std::size(kFieldTypeWords); ++i) {
    if (kFieldTypeWords[i] == word) return static_cast<FieldType>(i);
  }
  return std::nullopt;
}

std::string_view to_text(FieldType type) {
  return type == FieldType::automatic ? "number or text" : kFieldTypeWords[static_cast<size_t>(type)];
}

bool is_integer(FieldType type) { return type >= FieldType::int8 && type <= FieldType::uint64; }

bool is_signed(FieldType type) {
  return is_integer(type) && (static_cast<int>(type) - static_cast<int>(FieldType::int8)) % 2 == 0;
}

size_t field_size(FieldType type) {
  constexpr std::array<uint8_t, 15> kSizes{1, 1, 1, 2, 2, 3, 3, 4, 4, 8, 8, 4, 8, 0, 0};
  return kSizes[static_cast<size_t>(type)];
}

std::optional<Value> value_of_text(std::string_view letters, FieldType type) {
  const std::string_view word = without_blanks(letters);
  if (type == FieldType::text) return Value::text(word);
  if (type == FieldType::boolean) return boolean_of(word);
  if (is_integer(type)) return integer_of(word, type);
  const auto number = parsed<double>(word);
  if (type == FieldType::automatic) return number ? Value(*number) : Value::text(word);
  return number ? float_of(*number, type) : std::nullopt;
}

std::optional<Value> value_as(const Value& value, FieldType type) {
  if (value.empty()) return std::nullopt;
  if (type == FieldType::automatic) return value;
  if (value.is_text()) return value_of_text(value.as_text(), type);
  if (value.kind() == Value::Kind::bytes) return type == FieldType::text ? std::optional(value) : std::nullopt;
  if (type == FieldType::text) return Value::text(to_text(value));
  const double number = value.number().value_or(0);
  if (type == FieldType::boolean) return Value(number != 0);
  if (!is_integer(type)) return float_of(number, type);
  return value.is_integer() ? integer_within(value, type) : integer_of(number, type);
}

}  // namespace ferrule

#include "drivers_common/wire_value.h"

#include <array>
#include <bit>
#include <cmath>
#include <iterator>
#include <limits>
#include <string>
#include <utility>

namespace ferrule {

namespace {

struct Turn {
  bool words_reversed;
  bool bytes_swapped;
};
// The one table that both directions use, in the order of ByteOrder.
constexpr std::array<Turn, 4> kTurns{{{false, false}, {true, false}, {false, true}, {true, true}}};

// Where byte `index` (0 = most significant) of a value of `size` bytes stands on the wire.
constexpr size_t wire_position(size_t index, size_t size, Turn turn) {
  size_t word = index / 2;
  if (turn.words_reversed) word = size / 2 - 1 - word;
  const size_t byte = (index % 2) ^ (turn.bytes_swapped ? 1 : 0);
  return word * 2 + byte;
}

Turn turn_of(ByteOrder order) { return kTurns[static_cast<size_t>(order)]; }

uint64_t gather(std::span<const uint8_t> bytes, ByteOrder order) {
  uint64_t bits = 0;
  for (size_t i = 0; i < bytes.size(); ++i) bits = bits << 8 | bytes[wire_position(i, bytes.size(), turn_of(order))];
  return bits;
}

void scatter(uint64_t bits, ByteOrder order, std::span<uint8_t> bytes) {
  for (size_t i = bytes.size(); i-- > 0; bits >>= 8) {
    bytes[wire_position(i, bytes.size(), turn_of(order))] = static_cast<uint8_t>(bits);
  }
}

// Byte `index` of a text: as a two-byte value of its register; the last byte of an odd length has no partner to swap with.
size_t text_position(size_t index, size_t size, Turn turn) {
  if (!turn.bytes_swapped || (index ^ 1) >= size) return index;
  return index ^ 1;
}

Value decode_text(ByteOrder order, std::span<const uint8_t> bytes) {
  std::string text;
  text.reserve(bytes.size());
  for (size_t i = 0; i < bytes.size(); ++i) {
    const char letter = static_cast<char>(bytes[text_position(i, bytes.size(), turn_of(order))]);
    if (letter == '\0') break;
    text += letter;
  }
  return Value::text(text);
}

Status encode_text(ByteOrder order, const Value& value, std::span<uint8_t> bytes) {
  if (!value.is_text()) return {Fault::invalid, to_text(value) + " is not a text"};
  const std::string_view text = value.as_text();
  if (text.size() > bytes.size()) {
    return {Fault::invalid,
            "the text has " + std::to_string(text.size()) + " bytes, its registers hold " + std::to_string(bytes.size())};
  }
  for (size_t i = 0; i < bytes.size(); ++i) {
    bytes[text_position(i, bytes.size(), turn_of(order))] = i < text.size() ? static_cast<uint8_t>(text[i]) : uint8_t{0};
  }
  return {};
}

Status does_not_fit(WireType type, const Value& value) {
  return {Fault::invalid, to_text(value) + " does not fit " + std::string(to_text(type))};
}

// Whole numbers keep all their digits; others are rounded. Nothing where T cannot hold it.
template <class T>
std::optional<T> whole(const Value& value) {
  if (value.kind() == Value::Kind::boolean) return static_cast<T>(value.as_bool());
  if (value.kind() == Value::Kind::integer)
    return std::in_range<T>(value.as_int()) ? std::optional<T>(static_cast<T>(value.as_int())) : std::nullopt;
  if (value.kind() == Value::Kind::unsigned_integer) {
    return std::in_range<T>(value.as_uint()) ? std::optional<T>(static_cast<T>(value.as_uint())) : std::nullopt;
  }
  const auto number = value.number();
  if (!number || !std::isfinite(*number)) return std::nullopt;
  const double rounded = std::round(*number);
  // 2^digits is exact as a double; the largest T may not be.
  const double limit = std::ldexp(1.0, std::numeric_limits<T>::digits);
  const double least = std::is_signed_v<T> ? -limit : 0.0;
  if (rounded < least || rounded >= limit) return std::nullopt;
  return static_cast<T>(rounded);
}

std::optional<uint64_t> float_bits(WireType type, const Value& value) {
  const auto number = value.number();
  if (!number || !std::isfinite(*number)) return std::nullopt;
  if (type == WireType::float64) return std::bit_cast<uint64_t>(*number);
  const auto single = static_cast<float>(*number);
  if (!std::isfinite(single)) return std::nullopt;
  return std::bit_cast<uint32_t>(single);
}

// --- decimal digits ---------------------------------------------------------------------------------------------------------

constexpr uint64_t kWordBase = 10000;  // of mod10k

// Nothing where a digit is above 9.
std::optional<uint64_t> from_bcd(uint64_t bits) {
  uint64_t number = 0;
  for (int shift = 60; shift >= 0; shift -= 4) {
    const uint64_t digit = bits >> shift & 0xf;
    if (digit > 9) return std::nullopt;
    number = number * 10 + digit;
  }
  return number;
}

// Nothing where it has more than 16 digits.
std::optional<uint64_t> to_bcd(uint64_t number) {
  uint64_t bits = 0;
  for (int shift = 0; number != 0; shift += 4, number /= 10) {
    if (shift == 64) return std::nullopt;
    bits |= number % 10 << shift;
  }
  return bits;
}

// `bits` holds the words, the most significant highest; nothing where one is beyond 9999.
std::optional<int64_t> from_mod10k(uint64_t bits) {
  int64_t number = 0;
  for (int shift = 48; shift >= 0; shift -= 16) {
    const auto word = static_cast<int16_t>(bits >> shift);
    if (word <= -static_cast<int>(kWordBase) || word >= static_cast<int>(kWordBase)) return std::nullopt;
    number = number * static_cast<int64_t>(kWordBase) + word;
  }
  return number;
}

// Nothing where it needs more than `words` words.
std::optional<uint64_t> to_mod10k(int64_t number, size_t words) {
  uint64_t bits = 0;
  for (size_t word = 0; word < words; ++word, number /= static_cast<int64_t>(kWordBase)) {
    bits |= uint64_t{static_cast<uint16_t>(number % static_cast<int64_t>(kWordBase))} << (16 * word);
  }
  return number == 0 ? std::optional(bits) : std::nullopt;
}

// --- patterns of bits -------------------------------------------------------------------------------------------------------

bool is_signed(WireType type) { return type == WireType::int16 || type == WireType::int32 || type == WireType::int64; }
bool is_bcd(WireType type) { return type == WireType::bcd16 || type == WireType::bcd32 || type == WireType::bcd64; }
bool is_mod10k(WireType type) { return type >= WireType::mod10k32; }

uint64_t all_bits(WireType type) { return ~uint64_t{0} >> (64 - 8 * wire_size(type)); }

// How many bits the numbers of this type have within the field.
int bit_width(WireType type, BitField field) { return std::bit_width((all_bits(type) & field.mask) >> field.shift); }

int64_t sign_extended(uint64_t bits, int width) {
  if (width == 0) return 0;
  return static_cast<int64_t>(bits << (64 - width)) >> (64 - width);
}

template <class Number>
Value or_none(const std::optional<Number>& number) {
  return number ? Value(*number) : Value();
}

Value whole_value(WireType type, uint64_t bits) {
  switch (type) {
    case WireType::boolean: return bits != 0;
    case WireType::int16: return int64_t{static_cast<int16_t>(bits)};
    case WireType::int32: return int64_t{static_cast<int32_t>(bits)};
    case WireType::int64: return static_cast<int64_t>(bits);
    case WireType::uint16:
    case WireType::uint32:
    case WireType::uint64: return bits;
    case WireType::float32: return std::bit_cast<float>(static_cast<uint32_t>(bits));
    case WireType::float64: return std::bit_cast<double>(bits);
    case WireType::bcd16:
    case WireType::bcd32:
    case WireType::bcd64: return or_none(from_bcd(bits));
    case WireType::mod10k32:
    case WireType::mod10k48:
    case WireType::mod10k64: return or_none(from_mod10k(bits));
    case WireType::text: break;
  }
  return {};
}

Value field_value(WireType type, uint64_t bits, BitField field) {
  bits = (bits & field.mask) >> field.shift;
  if (is_signed(type)) return sign_extended(bits, bit_width(type, field));
  return whole_value(type, bits);
}

std::optional<uint64_t> signed_bits(WireType type, const Value& value, BitField field) {
  const auto number = whole<int64_t>(value);
  const int width = bit_width(type, field);
  if (!number || width == 0) return std::nullopt;
  const auto bits = static_cast<uint64_t>(*number) & ~uint64_t{0} >> (64 - width);
  return sign_extended(bits, width) == *number ? std::optional(bits) : std::nullopt;
}

std::optional<uint64_t> unsigned_bits(WireType type, const Value& value) {
  const auto number = whole<uint64_t>(value);
  return number && is_bcd(type) ? to_bcd(*number) : number;
}

std::optional<uint64_t> mod10k_bits(WireType type, const Value& value) {
  const auto number = whole<int64_t>(value);
  return number ? to_mod10k(*number, wire_size(type) / 2) : std::nullopt;
}

// Nothing where the value does not fit.
std::optional<uint64_t> to_bits(WireType type, const Value& value, BitField field) {
  if (type == WireType::float32 || type == WireType::float64) return float_bits(type, value);
  const auto number = is_signed(type)   ? signed_bits(type, value, field)
                      : is_mod10k(type) ? mod10k_bits(type, value)
                                        : unsigned_bits(type, value);
  const uint64_t room = type == WireType::boolean ? 1 : all_bits(type) & field.mask;
  if (!number || (*number << field.shift & room) != *number << field.shift || *number << field.shift >> field.shift != *number) {
    return std::nullopt;
  }
  return *number << field.shift;
}

template <class Word, size_t kCount>
std::optional<Word> word_index(std::string_view word, const std::string_view (&words)[kCount]) {
  for (size_t i = 0; i < kCount; ++i) {
    if (words[i] == word) return static_cast<Word>(i);
  }
  return std::nullopt;
}

}  // namespace

std::optional<WireType> wire_type(std::string_view word) { return word_index<WireType>(word, kWireTypeWords); }
std::optional<ByteOrder> byte_order(std::string_view word) { return word_index<ByteOrder>(word, kByteOrderWords); }
std::string_view to_text(WireType type) { return kWireTypeWords[static_cast<size_t>(type)]; }

size_t wire_size(WireType type) {
  switch (type) {
    case WireType::boolean:
    case WireType::int16:
    case WireType::uint16:
    case WireType::bcd16: return 2;
    case WireType::int32:
    case WireType::uint32:
    case WireType::float32:
    case WireType::bcd32:
    case WireType::mod10k32: return 4;
    case WireType::mod10k48: return 6;
    case WireType::int64:
    case WireType::uint64:
    case WireType::float64:
    case WireType::bcd64:
    case WireType::mod10k64: return 8;
    case WireType::text: break;
  }
  return 0;
}

bool has_bits(WireType type) { return (type >= WireType::int16 && type <= WireType::uint64) || is_bcd(type); }

Value decode(WireType type, ByteOrder order, std::span<const uint8_t> bytes, BitField field) {
  if (type == WireType::text) return decode_text(order, bytes);
  const uint64_t bits = gather(bytes, order);
  return field.whole() ? whole_value(type, bits) : field_value(type, bits, field);
}

Status encode(WireType type, ByteOrder order, const Value& value, std::span<uint8_t> bytes, BitField field) {
  if (type == WireType::text) return encode_text(order, value, bytes);
  const auto bits = to_bits(type, value, field);
  if (!bits) return does_not_fit(type, value);
  scatter(*bits, order, bytes);
  return {};
}

}  // namespace ferrule

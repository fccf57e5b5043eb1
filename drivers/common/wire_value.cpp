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

template <class T>
std::optional<uint64_t> whole_bits(const Value& value) {
  const auto number = whole<T>(value);
  if (!number) return std::nullopt;
  return static_cast<uint64_t>(*number);
}

std::optional<uint64_t> float_bits(WireType type, const Value& value) {
  const auto number = value.number();
  if (!number || !std::isfinite(*number)) return std::nullopt;
  if (type == WireType::float64) return std::bit_cast<uint64_t>(*number);
  const auto single = static_cast<float>(*number);
  if (!std::isfinite(single)) return std::nullopt;
  return std::bit_cast<uint32_t>(single);
}

std::optional<uint64_t> bits_of(WireType type, const Value& value) {
  switch (type) {
    case WireType::boolean: {
      const auto number = whole<uint64_t>(value);
      return number && *number <= 1 ? number : std::nullopt;
    }
    case WireType::int16: return whole_bits<int16_t>(value);
    case WireType::uint16: return whole_bits<uint16_t>(value);
    case WireType::int32: return whole_bits<int32_t>(value);
    case WireType::uint32: return whole_bits<uint32_t>(value);
    case WireType::int64: return whole_bits<int64_t>(value);
    case WireType::uint64: return whole_bits<uint64_t>(value);
    case WireType::float32:
    case WireType::float64: return float_bits(type, value);
    case WireType::text: break;
  }
  return std::nullopt;
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
    case WireType::uint16: return 2;
    case WireType::int32:
    case WireType::uint32:
    case WireType::float32: return 4;
    case WireType::int64:
    case WireType::uint64:
    case WireType::float64: return 8;
    case WireType::text: break;
  }
  return 0;
}

Value decode(WireType type, ByteOrder order, std::span<const uint8_t> bytes) {
  if (type == WireType::text) return decode_text(order, bytes);
  const uint64_t bits = gather(bytes, order);
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
    case WireType::text: break;
  }
  return {};
}

Status encode(WireType type, ByteOrder order, const Value& value, std::span<uint8_t> bytes) {
  if (type == WireType::text) return encode_text(order, value, bytes);
  const auto bits = bits_of(type, value);
  if (!bits) return does_not_fit(type, value);
  scatter(*bits, order, bytes);
  return {};
}

}  // namespace ferrule

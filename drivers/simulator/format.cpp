#include "simulator/format.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace ferrule::simulator {

namespace {

constexpr double kTwoTo64 = 18446744073709551616.0;

// The whole part modulo 2^64, in two's complement.
uint64_t wrapped(double number) {
  if (!std::isfinite(number)) return 0;
  const double rest = std::fmod(std::nearbyint(number), kTwoTo64);
  return rest < 0 ? 0 - static_cast<uint64_t>(-rest) : static_cast<uint64_t>(rest);
}

uint64_t bits_of(Type type, double number) {
  switch (type) {
    case Type::boolean: return number != 0 ? 1 : 0;
    case Type::float32: return std::bit_cast<uint32_t>(static_cast<float>(number));
    case Type::float64: return std::bit_cast<uint64_t>(number);
    default: return wrapped(number);
  }
}

// `words` come as ABCD: the most significant word first, each with its high byte first.
void reorder(Order order, std::span<uint16_t> words) {
  if (order == Order::cdab || order == Order::dcba) std::reverse(words.begin(), words.end());
  if (order == Order::badc || order == Order::dcba) {
    for (uint16_t& word : words) word = static_cast<uint16_t>(word << 8 | word >> 8);
  }
}

}  // namespace

uint32_t Format::width() const {
  switch (type) {
    case Type::boolean:
    case Type::int16:
    case Type::uint16: return 1;
    case Type::int32:
    case Type::uint32:
    case Type::float32: return 2;
    case Type::int64:
    case Type::uint64:
    case Type::float64: return 4;
    case Type::string: return length;
  }
  return 1;
}

void encode_number(const Format& format, double number, std::span<uint16_t> words) {
  const uint64_t bits = bits_of(format.type, number);
  for (size_t i = 0; i < words.size(); ++i) words[i] = static_cast<uint16_t>(bits >> (16 * (words.size() - 1 - i)));
  if (format.type != Type::boolean) reorder(format.order, words);
}

void encode_text(const Format& format, std::string_view text, std::span<uint16_t> words) {
  const auto byte = [&](size_t i) { return i < text.size() ? static_cast<uint8_t>(text[i]) : uint8_t{0}; };
  for (size_t i = 0; i < words.size(); ++i) words[i] = static_cast<uint16_t>(byte(2 * i) << 8 | byte(2 * i + 1));
  // Word order means nothing in a text; byte order does.
  if (format.order == Order::badc || format.order == Order::dcba) reorder(Order::badc, words);
}

}  // namespace ferrule::simulator

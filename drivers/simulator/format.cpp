#include "simulator/format.h"

#include <algorithm>
#include <array>
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

// What a device that counts in this type would hold.
Value held(WireType type, double number) {
  const uint64_t bits = wrapped(number);
  switch (type) {
    case WireType::boolean: return Value(number != 0);
    case WireType::int16: return Value(int64_t{static_cast<int16_t>(bits)});
    case WireType::int32: return Value(int64_t{static_cast<int32_t>(bits)});
    case WireType::int64: return Value(static_cast<int64_t>(bits));
    case WireType::uint16: return Value(uint64_t{static_cast<uint16_t>(bits)});
    case WireType::uint32: return Value(uint64_t{static_cast<uint32_t>(bits)});
    case WireType::uint64: return Value(bits);
    case WireType::float32: return Value(static_cast<float>(number));
    case WireType::float64: return Value(number);
    case WireType::bcd16: return Value(bits % 10'000);
    case WireType::bcd32: return Value(bits % 100'000'000);
    case WireType::bcd64: return Value(bits % 10'000'000'000'000'000);
    case WireType::mod10k32: return Value(static_cast<int64_t>(bits) % 100'000'000);
    case WireType::mod10k48: return Value(static_cast<int64_t>(bits) % 1'000'000'000'000);
    case WireType::mod10k64: return Value(static_cast<int64_t>(bits) % 10'000'000'000'000'000);
    case WireType::text: break;
  }
  return {};
}

void encode_value(const Format& format, const Value& value, std::span<uint16_t> words) {
  std::array<uint8_t, 2 * kMaxWidth> bytes{};
  // It cannot fail: the value was cut to what the type holds.
  (void)encode(format.type, format.order, value, std::span(bytes).first(2 * words.size()));
  for (size_t i = 0; i < words.size(); ++i) words[i] = static_cast<uint16_t>(bytes[2 * i] << 8 | bytes[2 * i + 1]);
}

}  // namespace

uint32_t Format::width() const {
  if (type == WireType::text) return length;
  return static_cast<uint32_t>(std::max<size_t>(wire_size(type) / 2, 1));
}

void encode_number(const Format& format, double number, std::span<uint16_t> words) {
  if (format.type == WireType::boolean) {
    words[0] = number != 0 ? 1 : 0;
  } else {
    encode_value(format, held(format.type, number), words);
  }
}

void encode_text(const Format& format, std::string_view text, std::span<uint16_t> words) {
  encode_value(format, Value::text(text.substr(0, 2 * words.size())), words);
}

}  // namespace ferrule::simulator

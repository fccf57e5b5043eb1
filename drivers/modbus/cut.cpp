#include "modbus/cut.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

namespace ferrule::modbus {

namespace {

constexpr int kMostExponent = 10;  // SunSpec: -10 .. 10
constexpr std::array<double, kMostExponent + 1> kPowersOfTen{1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10};

bool bit_of_register(std::span<const uint8_t> data, const Cut& cut) {
  const bool high = cut.bit >= 8;
  // A register whose bytes are swapped has its low byte first.
  const bool swapped = cut.order == ByteOrder::badc || cut.order == ByteOrder::dcba;
  const uint8_t byte = data[cut.at + (high == swapped ? 1 : 0)];
  return (byte >> (cut.bit % 8) & 1) != 0;
}

// The least of a signed type and the greatest of an unsigned one; NaN is found by the bus.
bool says_none(WireType type, const Value& raw) {
  if (raw.kind() == Value::Kind::integer) {
    const size_t bits = 8 * wire_size(type);
    return raw.as_int() == std::numeric_limits<int64_t>::min() >> (64 - bits);
  }
  if (raw.kind() == Value::Kind::unsigned_integer) return raw.as_uint() == ~uint64_t{0} >> (64 - 8 * wire_size(type));
  return false;
}

// Divides by powers of ten rather than multiplying by their inverse, so that 2301 and -1 make 230.1.
Value scaled(const Value& raw, const Value& exponent) {
  const auto number = raw.number();
  const int64_t power = exponent.as_int();
  if (!number || power < -kMostExponent || power > kMostExponent) return {};
  const double factor = kPowersOfTen[static_cast<size_t>(std::abs(power))];
  return power < 0 ? *number / factor : *number * factor;
}

Value value_of(const Cut& cut, std::span<const uint8_t> data) {
  const auto bytes = data.subspan(cut.at, cut.bytes);
  if (cut.may_be_none && says_none(cut.type, decode(cut.type, cut.order, bytes))) return {};
  Value value = decode(cut.type, cut.order, bytes, cut.field);
  if (cut.exponent_at < 0) return value;
  return scaled(value, decode(WireType::int16, cut.order, data.subspan(static_cast<size_t>(cut.exponent_at), 2)));
}

}  // namespace

Cut cut_of(TagId tag, const Point& point, uint32_t first) {
  const uint32_t distance = point.address.offset - first;
  Cut cut{.tag = tag, .at = distance, .type = point.type, .order = point.order, .field = point.field};
  if (holds_bits(point.address.area)) return cut;
  cut.at = distance * 2;
  cut.bytes = static_cast<uint16_t>(point.width() * 2);
  if (point.is_bit()) cut.bit = static_cast<int8_t>(*point.address.bit);
  cut.may_be_none = point.address.models.has_value() || point.exponent.has_value();
  if (point.exponent) cut.exponent_at = static_cast<int32_t>((*point.exponent - first) * 2);
  return cut;
}

Piece piece_of(const Cut& cut) {
  if (cut.bytes == 0) return {cut.at, cut.at + 1, cut};
  Piece piece{cut.at / 2, (cut.at + cut.bytes + 1) / 2, cut};
  if (cut.exponent_at >= 0) {
    const auto exponent = static_cast<uint32_t>(cut.exponent_at) / 2;
    piece.start = std::min(piece.start, exponent);
    piece.end = std::max(piece.end, exponent + 1);
  }
  return piece;
}

Cut moved(Cut cut, int32_t by) {
  const int32_t step = cut.bytes == 0 ? by : by * 2;
  cut.at = static_cast<uint32_t>(static_cast<int64_t>(cut.at) - step);
  if (cut.exponent_at >= 0) cut.exponent_at -= step;
  return cut;
}

void decode_cut(const Cut& cut, std::span<const uint8_t> data, SampleSink& sink) {
  if (cut.bytes == 0) {
    sink.good(cut.tag, (data[cut.at / 8] >> (cut.at % 8) & 1) != 0);
  } else if (cut.bit >= 0) {
    sink.good(cut.tag, bit_of_register(data, cut));
  } else if (Value value = value_of(cut, data); !value.empty()) {
    sink.good(cut.tag, std::move(value));
  } else {
    sink.bad(cut.tag, Reason::not_a_number);
  }
}

}  // namespace ferrule::modbus

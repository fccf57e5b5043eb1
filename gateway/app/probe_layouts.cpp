#include "app/probe_layouts.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <string_view>
#include <tuple>

namespace ferrule {

namespace {

constexpr std::array kTypes{WireType::uint16,  WireType::int16,  WireType::bcd16, WireType::float32,
                            WireType::uint32,  WireType::int32,  WireType::bcd32, WireType::mod10k32,
                            WireType::float64, WireType::uint64, WireType::int64, WireType::mod10k64};
constexpr std::array kOrders{ByteOrder::abcd, ByteOrder::cdab, ByteOrder::badc, ByteOrder::dcba};
constexpr std::array kScales{1.0, 0.1, 0.01, 0.001, 10.0, 100.0, 1000.0};

// A value that is what the display says, and not only near it, is no accident: it comes before any order of its words.
constexpr double kExact = 0.02;  // of the tolerance
constexpr size_t kInexactCosts = kOrders.size();

std::span<const uint8_t> part_of(std::span<const uint8_t> bytes, size_t offset, WireType type) {
  const size_t at = 2 * offset, size = wire_size(type);
  return at + size <= bytes.size() ? bytes.subspan(at, size) : std::span<const uint8_t>();
}

// One register has no word order: only its two bytes may be swapped.
bool makes_a_difference(WireType type, ByteOrder order) {
  return wire_size(type) > 2 || order == ByteOrder::abcd || order == ByteOrder::badc;
}

bool is_float(WireType type) { return type == WireType::float32 || type == WireType::float64; }

double scaled(double raw, double scale) { return scale < 1 ? raw / std::round(1 / scale) : raw * scale; }

size_t position(const auto& list, auto one) { return static_cast<size_t>(std::ranges::find(list, one) - list.begin()); }

// Whole numbers that are not negative mean the same signed and unsigned; a float of a display is not scaled.
bool worth_telling(WireType type, double raw, double scale) {
  const bool is_signed = type == WireType::int16 || type == WireType::int32 || type == WireType::int64;
  if (is_signed && raw >= 0) return false;
  return !is_float(type) || scale == 1 || scale == 0.001 || scale == 1000;
}

void add_layouts(std::span<const uint8_t> bytes, size_t offset, const Expected& expected, WireType type,
                 std::vector<Layout>& found) {
  const auto part = part_of(bytes, offset, type);
  if (part.empty()) return;
  for (const ByteOrder order : kOrders) {
    if (!makes_a_difference(type, order)) continue;
    const auto raw = decode(type, order, part).number();
    if (!raw || !std::isfinite(*raw)) continue;
    for (const double scale : kScales) {
      const double value = scaled(*raw, scale);
      if (std::abs(value - expected.number) > expected.within || !worth_telling(type, *raw, scale)) continue;
      found.push_back({offset, type, order, scale, value});
    }
  }
}

// Half of the last digit: "230.1" is within 0.05, "2.3e2" within 5.
double half_of_last_digit(std::string_view number) {
  const size_t exponent_at = std::min(number.find_first_of("eE"), number.size());
  const size_t point = number.find('.');
  int last_digit = point < exponent_at ? -static_cast<int>(exponent_at - point - 1) : 0;
  if (exponent_at < number.size()) {
    std::string_view exponent = number.substr(exponent_at + 1);
    if (exponent.starts_with('+')) exponent.remove_prefix(1);
    int power = 0;
    std::from_chars(exponent.data(), exponent.data() + exponent.size(), power);
    last_digit += power;
  }
  return 0.5000001 * std::pow(10, last_digit);
}

}  // namespace

Result<Expected> parse_expected(const std::string& text, const std::string& tolerance) {
  const auto number_of = [](std::string_view part, double& number) {
    const auto [end, error] = std::from_chars(part.data(), part.data() + part.size(), number);
    return !part.empty() && error == std::errc() && end == part.data() + part.size() && std::isfinite(number);
  };
  Expected expected;
  if (!number_of(text, expected.number))
    return Status(Fault::invalid, "--expect takes a number, such as 230.1, not '" + text + "'");
  expected.within = half_of_last_digit(text);
  if (tolerance.empty()) return expected;
  const bool percent = tolerance.ends_with('%');
  if (!number_of(std::string_view(tolerance).substr(0, tolerance.size() - (percent ? 1 : 0)), expected.within) ||
      expected.within < 0) {
    return Status(Fault::invalid, "--within takes a number or a share, such as 0.5 or 1%, not '" + tolerance + "'");
  }
  if (percent) expected.within *= std::abs(expected.number) / 100;
  return expected;
}

std::vector<Layout> layouts_giving(std::span<const uint8_t> bytes, const Expected& expected) {
  std::vector<Layout> found;
  for (size_t offset = 0; 2 * offset < bytes.size(); ++offset) {
    for (const WireType type : kTypes) add_layouts(bytes, offset, expected, type, found);
  }
  const auto unlikely = [&](const Layout& layout) {
    const bool exact = std::abs(layout.value - expected.number) <= kExact * expected.within;
    return position(kScales, layout.scale) + position(kOrders, layout.order) + (exact ? 0 : kInexactCosts);
  };
  const auto likelihood = [&](const Layout& layout) {
    return std::tuple(unlikely(layout), !is_float(layout.type), std::abs(layout.value - expected.number), layout.offset,
                      position(kTypes, layout.type));
  };
  std::ranges::sort(found, {}, likelihood);
  return found;
}

std::vector<Reading> readings_at(std::span<const uint8_t> bytes, size_t offset) {
  std::vector<Reading> readings;
  for (const WireType type : kTypes) {
    const auto part = part_of(bytes, offset, type);
    if (part.empty()) continue;
    for (const ByteOrder order : kOrders) {
      if (!makes_a_difference(type, order)) continue;
      const Value value = decode(type, order, part);
      if (value.empty()) continue;
      readings.push_back({std::string(to_text(type)), std::string(kByteOrderWords[static_cast<size_t>(order)]), to_text(value)});
    }
  }
  return readings;
}

}  // namespace ferrule

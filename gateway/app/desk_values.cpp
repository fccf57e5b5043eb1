#include "app/desk_values.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>

namespace ferrule {

namespace {

struct Span {
  double least, most;
};

struct UsualSpan {
  std::string_view units;
  Span span;
};

// What a quantity with these units usually is; counters are none of them.
constexpr std::array kUsual{
    UsualSpan{"V", {225, 235}},      UsualSpan{"A", {2, 18}},      UsualSpan{"W", {500, 4000}},   UsualSpan{"kW", {0.5, 4}},
    UsualSpan{"VA", {500, 4200}},    UsualSpan{"kVA", {0.5, 4.2}}, UsualSpan{"var", {-300, 300}}, UsualSpan{"kvar", {-0.3, 0.3}},
    UsualSpan{"Hz", {49.95, 50.05}}, UsualSpan{"°C", {20, 85}},    UsualSpan{"%", {10, 90}},      UsualSpan{"bar", {1, 9}},
    UsualSpan{"rpm", {700, 1500}},
};
constexpr std::array<std::string_view, 6> kCounters{"Wh", "kWh", "varh", "kvarh", "VAh", "kVAh"};
constexpr Span kAnything{0, 100};

Span type_span(const modbus::Point& point) {
  if (!point.field.whole()) {  // room for any of its numbers, bcd and signed ones too
    const uint64_t bits = (point.field.mask & ~uint64_t{0} >> (64 - 8 * wire_size(point.type))) >> point.field.shift;
    const int width = std::bit_width(bits);
    return {0, std::min(std::pow(10, std::max(1, width / 4)), std::exp2(width - 1)) - 1};
  }
  switch (point.type) {
    case WireType::boolean: return {0, 1};
    case WireType::int16: return {-32767, 32766};
    case WireType::uint16: return {0, 65534};
    case WireType::int32: return {-2147483647.0, 2147483646.0};
    case WireType::uint32: return {0, 4294967294.0};
    case WireType::bcd16: return {0, 9999};
    case WireType::bcd32:
    case WireType::mod10k32: return {0, 99999999};
    default: return {-9e15, 9e15};  // still exact in a double
  }
}

bool is_float(WireType type) { return type == WireType::float32 || type == WireType::float64; }

// What the tag may show, in engineering units.
Span shown_span(const TagSettings& tag) {
  const auto* usual = std::ranges::find(kUsual, tag.units, &UsualSpan::units);
  Span span = usual == kUsual.end() ? kAnything : usual->span;
  const bool low = std::isfinite(tag.valid.min), high = std::isfinite(tag.valid.max);
  const double width = low && high ? tag.valid.max - tag.valid.min : span.most - span.least;
  if (low && span.least < tag.valid.min) span = {tag.valid.min, tag.valid.min + width};
  if (high && span.most > tag.valid.max) span = {std::max(tag.valid.min, tag.valid.max - width), tag.valid.max};
  return {std::max(span.least, tag.valid.min), std::min(span.most, tag.valid.max)};
}

// The same in raw numbers, with a little room at both ends for rounding.
Span raw_span(const TagSettings& tag, const modbus::Point& point) {
  const Span shown = shown_span(tag);
  const double a = (shown.least - tag.offset) / tag.scale, b = (shown.most - tag.offset) / tag.scale;
  const Span type = type_span(point);
  Span span{std::clamp(std::min(a, b), type.least, type.most), std::clamp(std::max(a, b), type.least, type.most)};
  if (!is_float(point.type)) span = {std::ceil(span.least), std::floor(span.most)};
  return span.least <= span.most ? span : Span{span.most, span.most};
}

bool means_none(const TagSettings& tag, const Span& span) {
  return std::ranges::any_of(tag.invalid, [&](int64_t raw) {
    const auto number = static_cast<double>(raw);
    return number >= span.least && number <= span.most;
  });
}

void set_constant(Fields& row, double value) {
  row.set("shape", std::string("constant"));
  row.set("value", value);
}

void set_counter(Fields& row, double value, double step) {
  row.set("shape", std::string("counter"));
  row.set("value", value);
  row.set("step", step);
}

void set_walk(Fields& row, const TagSettings& tag, const Span& span) {
  constexpr std::chrono::seconds kPeriod{20};
  row.set("shape", std::string("random_walk"));
  row.set("mean", (span.least + span.most) / 2);
  row.set("amplitude", (span.most - span.least) / 2);
  row.set("period", Duration(kPeriod));
  row.set("seed", static_cast<int64_t>(tag.id) + 1);
}

}  // namespace

double desk_number(const TagSettings& tag, const modbus::Point& point) {
  if (!tag.labels.empty()) return static_cast<double>(tag.labels.front().number);
  const Span span = raw_span(tag, point);
  const double middle = std::round((span.least + span.most) / 2);
  return means_none(tag, {middle, middle}) ? std::max(span.least, middle - 1) : middle;
}

void set_desk_value(const TagSettings& tag, const modbus::Point& point, Fields& row) {
  if (point.type == WireType::text) {
    row.set("text", std::string("DESK-") + std::to_string(static_cast<uint32_t>(tag.id)));
    return;
  }
  const Span span = raw_span(tag, point);
  const bool open = !std::isfinite(tag.valid.min) && !std::isfinite(tag.valid.max);
  if (!tag.labels.empty() || tag.writable || means_none(tag, span)) return set_constant(row, desk_number(tag, point));
  if (!tag.bits.empty()) return set_counter(row, 0, 1);
  if (open && std::ranges::find(kCounters, tag.units) != kCounters.end()) return set_counter(row, 1000, 1);
  if (point.type == WireType::boolean) {
    row.set("shape", std::string("square"));
    row.set("mean", 0.5);
    row.set("amplitude", 0.5);
    return;
  }
  set_walk(row, tag, span);
}

}  // namespace ferrule

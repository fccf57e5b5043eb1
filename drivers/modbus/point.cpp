#include "modbus/point.h"

#include <algorithm>

namespace ferrule::modbus {

uint32_t Point::width() const {
  if (is_bit()) return 1;
  const size_t bytes = type == WireType::text ? length : wire_size(type);
  return static_cast<uint32_t>((bytes + 1) / 2);
}

namespace {

Status add_exponent(const Fields& tag, Point& point) {
  const auto exponent = parse_address(tag.text("exponent"));
  if (!exponent.ok()) return exponent.status();
  if (exponent->area != point.address.area || exponent->models != point.address.models || exponent->bit) {
    return {Fault::invalid, "exponent '" + tag.text("exponent") + "' must be a register beside " + to_text(point.address) +
                                ": the same area, or the same model"};
  }
  point.exponent = exponent->offset;
  return {};
}

BitField field_of(const Fields& tag, const Address& address) {
  BitField field;
  if (address.bits > 1) field = {.mask = (~uint64_t{0} >> (64 - address.bits)) << *address.bit, .shift = *address.bit};
  if (tag.has("mask")) field.mask &= static_cast<uint64_t>(tag.integer("mask"));
  return field;
}

}  // namespace

Result<Point> point_of(const Fields& device, const Fields& tag) {
  const auto address = parse_address(tag.text("address"));
  if (!address.ok()) return address.status();
  Point point;
  point.address = *address;
  point.type = point.is_bit() ? WireType::boolean : WireType::uint16;
  point.field = field_of(tag, *address);
  if (tag.has("exponent")) {
    if (Status status = add_exponent(tag, point); !status.ok()) return status;
  }
  if (tag.has("type")) point.type = wire_type(tag.text("type")).value_or(point.type);
  const std::string order = tag.has("order") ? tag.text("order") : device.text("order");
  point.order = byte_order(order).value_or(ByteOrder::abcd);
  if (point.type == WireType::text) point.length = static_cast<uint16_t>(tag.integer("length"));
  return point;
}

uint8_t unit_of(const Fields& device) { return device.has("unit_id") ? static_cast<uint8_t>(device.integer("unit_id")) : 1; }

uint32_t limit_of(const Fields& channel, const Fields& device, std::string_view name) {
  return static_cast<uint32_t>((device.has(name) ? device : channel).integer(name));
}

Status nth_tag(Fields& tag, int64_t n) {
  const std::string written = tag.text("address");
  auto address = parse_address(written);
  if (!address.ok()) return address.status();
  int64_t offset = address->offset;
  if (address->bit && address->bits > 1)
    return {Fault::invalid, "a row of " + written + " is not known: write the tags one by one"};
  if (address->bit) {  // a row of bits goes on in the next register
    const int64_t bit = *address->bit + n;
    offset += bit / 16;
    address->bit = static_cast<uint8_t>(bit % 16);
  } else {
    Point point;
    point.address = *address;
    point.type = wire_type(tag.text("type")).value_or(WireType::uint16);
    point.length = static_cast<uint16_t>(tag.integer("length"));
    offset += n * std::max<int64_t>(point.width(), 1);
  }
  if (n < 0 || offset >= kAddressSpace) {
    return {Fault::invalid, "row " + std::to_string(n + 1) + " from " + written + " lies beyond offset 65535: lower `count`"};
  }
  address->offset = static_cast<uint16_t>(offset);
  tag.set("address", in_notation_of(written, *address), tag.mark("address"));
  return {};
}

}  // namespace ferrule::modbus

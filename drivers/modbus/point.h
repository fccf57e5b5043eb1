// A tag's settings as the driver uses them. Pure.
#pragma once

#include "drivers_common/wire_value.h"
#include "modbus/address.h"
#include "sdk/settings.h"

namespace ferrule::modbus {

struct Point {
  Address address;
  WireType type = WireType::uint16;
  ByteOrder order = ByteOrder::abcd;
  uint16_t length = 0;  // bytes of a text; 0 where the tag must have one and has none

  // Registers, or for coils and discrete inputs bits, that the value takes.
  uint32_t width() const;
  bool is_bit() const { return holds_bits(address.area) || address.bit.has_value(); }
};

// invalid: the address cannot be read. Nothing else is checked here: see check.h.
Result<Point> point_of(const Fields& device, const Fields& tag);

uint8_t unit_of(const Fields& device);
// The device's own limit, else the channel's.
uint32_t limit_of(const Fields& channel, const Fields& device, std::string_view name);

// DriverType::nth.
Status nth_tag(Fields& tag, int64_t n);

}  // namespace ferrule::modbus

// A tag's settings as the driver uses them. Pure.
#pragma once

#include <algorithm>
#include <optional>

#include "drivers_common/wire_value.h"
#include "modbus/address.h"
#include "sdk/settings.h"

namespace ferrule::modbus {

struct Point {
  Address address;
  WireType type = WireType::uint16;
  ByteOrder order = ByteOrder::abcd;
  uint16_t length = 0;  // bytes of a text; 0 where the tag must have one and has none
  BitField field = {};  // of the tag's `mask`, and of the bits that its address names
  // The register with the power of ten that the value is multiplied with: a scale factor of SunSpec. In the same area, or model.
  std::optional<uint16_t> exponent = {};

  // Registers, or for coils and discrete inputs bits, that the value takes.
  uint32_t width() const;
  // The stretch that is read as a whole: the value, and where there is one its exponent.
  uint32_t start() const { return exponent ? std::min(*exponent, address.offset) : address.offset; }
  uint32_t end() const { return std::max<uint32_t>(address.offset + width(), exponent ? *exponent + 1u : 0); }
  // One bit: a coil, a discrete input, or one of a register.
  bool is_bit() const { return holds_bits(address.area) || (address.bit.has_value() && address.bits == 1); }
};

// invalid: the address cannot be read. Nothing else is checked here: see check.h.
Result<Point> point_of(const Fields& device, const Fields& tag);

uint8_t unit_of(const Fields& device);
// The device's own limit, else the channel's.
uint32_t limit_of(const Fields& channel, const Fields& device, std::string_view name);

// DriverType::nth.
Status nth_tag(Fields& tag, int64_t n);

}  // namespace ferrule::modbus

// From a value to the request that writes it. Pure.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "core/status.h"
#include "core/value.h"
#include "modbus/point.h"
#include "modbus/reply.h"

namespace ferrule::modbus {

struct WriteRequest {
  Question question;
  std::array<uint8_t, 253> bytes{};
  size_t size = 0;
  std::span<const uint8_t> pdu() const { return std::span(bytes).first(size); }
};

// One coil: function 5; one register: 6; several: 16. invalid: the value does not fit the point.
Result<WriteRequest> write_request(uint8_t unit, const Point& point, const Value& value);

}  // namespace ferrule::modbus

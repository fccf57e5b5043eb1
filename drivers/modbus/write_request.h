// From a value to the request that writes it. Pure.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>

#include "core/status.h"
#include "core/value.h"
#include "modbus/point.h"
#include "modbus/reply.h"
#include "modbus/stretch.h"

namespace ferrule::modbus {

struct WriteRequest {
  Question question;
  std::array<uint8_t, 253> bytes{};
  size_t size = 0;
  std::span<const uint8_t> pdu() const { return std::span(bytes).first(size); }
};

// The function that writes this point on a device that knows `allowed`. One coil: 5, else 15; one register: 6, else 16; several:
// 16; bits of one register: 22. Nothing: it cannot be written.
std::optional<Function> write_function(const Point& point, const FunctionSet& allowed);
// The one that write_function() wants most.
Function usual_write_function(const Point& point);

// invalid: the value does not fit the point, or the point cannot be written.
Result<WriteRequest> write_request(uint8_t unit, const Point& point, const FunctionSet& allowed, const Value& value);

// What the point has once the write has taken place, as reading it says: `value` with the precision of the registers.
Result<Value> value_as_read(const Point& point, const Value& value);

}  // namespace ferrule::modbus

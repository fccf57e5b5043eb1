// What a device's error answer means, in words with a remedy.
#pragma once

#include <cstdint>
#include <string>

namespace ferrule::modbus {

inline constexpr uint8_t kIllegalFunction = 1;
inline constexpr uint8_t kIllegalAddress = 2;
inline constexpr uint8_t kIllegalValue = 3;  // also: too many registers at once
inline constexpr uint8_t kDeviceFailure = 4;
inline constexpr uint8_t kAcknowledge = 5;       // accepted, takes long
inline constexpr uint8_t kGatewayPath = 10;      // a gateway answers for a unit that it cannot reach ...
inline constexpr uint8_t kGatewayNoAnswer = 11;  // ... or that gave it no answer

inline constexpr bool speaks_for_silent_unit(uint8_t code) { return code == kGatewayPath || code == kGatewayNoAnswer; }

std::string exception_text(uint8_t code);

}  // namespace ferrule::modbus

// A Modbus frame in words, for `ferrule frames`. Pure.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "sdk/settings.h"

namespace ferrule::modbus {

// "unit 5, read holding 100..121"; "unit 5, 22 registers"; what is too short or unknown in as many words. The checksum of RTU is
// not looked at.
std::string frame_text(const ChannelSettings& channel, std::span<const uint8_t> frame, bool sent);

}  // namespace ferrule::modbus

// What a Modbus device answers: functions 1-6, 15, 16 and 22, exceptions 1 (function), 2 (address) and 3 (value). Pure but for
// the registers that a write changes.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/clock.h"
#include "simulator/registers.h"

namespace ferrule::simulator {

// Replaces `answer` with the PDU that answers `request` (1 .. 253 bytes), an exception included.
void answer_request(Registers& registers, std::span<const uint8_t> request, Duration since, std::vector<uint8_t>& answer);

}  // namespace ferrule::simulator

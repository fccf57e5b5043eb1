// What refusals.h keeps across restarts, as text: one line each, "refused UNIT AREA START END CODE RETRY_MS" or "wall UNIT AREA
// ADDRESS RETRY_MS". Lines that do not parse are left out. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "modbus/refusals.h"

namespace ferrule::modbus {

struct LearntText {
  std::vector<Refused> refused;
  std::vector<Wall> walls;
};

std::string to_text(const LearntText& learnt);
LearntText parse_learnt(std::string_view text);

}  // namespace ferrule::modbus

// Plausible values for the registers of simulated devices: moving, inside of what a tag's settings call valid. Pure.
#pragma once

#include "modbus/point.h"
#include "sdk/settings.h"

namespace ferrule {

// A row of a plant file (kPlantFields: devices[].registers[]) that plays this tag: its shape, in raw numbers. Address, type,
// order and length are not its business.
void set_desk_value(const TagSettings& tag, const modbus::Point& point, Fields& row);

// A raw number that the tag shows as good.
double desk_number(const TagSettings& tag, const modbus::Point& point);

}  // namespace ferrule

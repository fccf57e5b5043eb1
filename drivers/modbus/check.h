// What the field tables of a Modbus channel cannot say. Pure.
#pragma once

#include "core/names.h"
#include "sdk/settings.h"

namespace ferrule::modbus {

void check_channel(const ChannelSettings& channel, const Names& names, Complaints& complaints);

}  // namespace ferrule::modbus

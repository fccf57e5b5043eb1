// What the field tables of a CoAP channel cannot say. Pure.
#pragma once

#include "core/names.h"
#include "sdk/settings.h"

namespace ferrule::coap {

void check_channel(const ChannelSettings& channel, const Names& names, Complaints& complaints);

}  // namespace ferrule::coap

// The channels with their devices: driver tables, ranges, profiles, the drivers' own checks.
#pragma once

#include <span>
#include <vector>

#include "config/document.h"
#include "config/load_context.h"

namespace ferrule::config {

// `entries` are the items of all lists `channels`. Entries out of service are checked and left out.
std::vector<ChannelSettings> build_channels(std::span<const Node> entries, LoadContext& context);

// The devices of one channel, appended to it.
void build_devices(Node devices, const DriverType& type, ChannelSettings& channel, LoadContext& context);

}  // namespace ferrule::config

// A number that is equal for equal content: places, comments and the way of writing do not count, profiles and secrets do.
#pragma once

#include <cstdint>

#include "core/names.h"
#include "sdk/settings.h"

namespace ferrule::config {

uint64_t fingerprint(const ChannelSettings& channel, const Names& names);
uint64_t fingerprint(const RuleSettings& rule, const Names& names);
uint64_t fingerprint(const UplinkSettings& uplink);

}  // namespace ferrule::config

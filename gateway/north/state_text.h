// The payloads of the state topics; see config/schema/state.schema.json.
#pragma once

#include <string>
#include <string_view>

#include "core/clock.h"
#include "core/record.h"

namespace ferrule {

std::string online_text(std::string_view gateway, uint64_t boot, WallTime now);
// A clean stop. The broker publishes lost_text() by itself when the link breaks: that one cannot know the time.
std::string stopped_text(std::string_view gateway, uint64_t boot, WallTime now);
std::string lost_text(std::string_view gateway, uint64_t boot);
std::string device_state_text(std::string_view gateway, std::string_view device, const DeviceState& state, WallTime since);

}  // namespace ferrule

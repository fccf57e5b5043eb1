// A channel with what serves it: polled or listening, as its driver says.
#pragma once

#include <memory>

#include "host/frame_ring.h"
#include "host/push_output.h"
#include "host/running_channel.h"

namespace ferrule {

// All that is referred to outlives the channel. Touches nothing outside; fails where the driver does not take these settings.
Result<std::unique_ptr<RunningChannel>> build_channel(const ChannelSettings& settings, const DriverType& type, const Clock& clock,
                                                      const Names& names, PushOutput& output,
                                                      size_t frame_bytes = FrameRing::kMost, const std::string& learnt_file = {});

}  // namespace ferrule

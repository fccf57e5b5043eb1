// How much of its line's time a plan takes, as the driver predicts it for each request. Pure.
#pragma once

#include <string>
#include <vector>

#include "host/channel_plan.h"

namespace ferrule {

struct LineDemand {
  size_t requests = 0;  // of one poll of every group
  uint64_t bytes = 0;   // both ways
  double share = 0;     // of the line's time: 1 is all of it
  bool known = true;    // false: the driver cannot tell for some request, TCP for one, where the device sets the pace
};

LineDemand demand_of(const PollGroup& group);
LineDemand demand_of(const ChannelPlan& plan);
LineDemand demand_of(const ChannelPlan& plan, size_t device);

// Above this the line is as good as full: a timeout or a write, and polls come late.
inline constexpr double kBusyLine = 0.8;

// "channel line_a: ... needs 130% of the line's time: ...", or nothing below kBusyLine.
std::string demand_warning(const std::string& channel, const LineDemand& demand);

}  // namespace ferrule

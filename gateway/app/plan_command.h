// `ferrule plan FILE`: what a configuration is going to ask on each line, what that costs, and whether the line bears it.
#pragma once

#include <cstdio>

#include "host/loading.h"

namespace ferrule {

inline constexpr int kPlanFits = 0, kPlanWrong = 1, kPlanTooMuch = 3;

// Prints the plan to `out`; as JSON with `json`. Exit code 0: it fits; 1: the configuration is wrong, with what and where; 3:
// some line would need more than all of its time. Touches no device, broker or socket.
int show_plan(const Folders& folders, bool json, std::FILE* out);

// What show_plan() warns about, for `ferrule check`. `settings` are checked.
std::vector<std::string> plan_warnings(const GatewaySettings& settings, const Clock& clock, const Names& names);

}  // namespace ferrule

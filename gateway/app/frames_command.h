// `ferrule frames CHANNEL`: the last exchanges of a channel of the running gateway.
#pragma once

#include <string>

#include "app/client_commands.h"

namespace ferrule {

// Oldest first, with the time of each exchange's end. Exit codes as client_commands.h has them.
int show_frames(const ClientCall& call, const std::string& channel);

}  // namespace ferrule

// The one wait of this module: for a descriptor, a deadline or the stop signal, whichever comes first.
#pragma once

#include <string>

#include "core/clock.h"
#include "core/status.h"
#include "sdk/stop_signal.h"

namespace ferrule {

// `events` as for poll(2); fd -1 waits for the deadline or the signal only. ok: ready (or hung up: the next read or write says
// how). timeout: the deadline came first. cancelled: the signal is raised, whether the descriptor is ready or not.
Status wait_for(int fd, short events, Deadline deadline, const Clock& clock, const StopSignal& stop, const std::string& name);

}  // namespace ferrule

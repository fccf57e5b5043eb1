// The life of `ferrule run` around the gateway: signals, systemd, watchdog, last good configuration.
#pragma once

#include "host/gateway.h"

namespace ferrule {

// Loads, starts, and runs until SIGTERM or SIGINT. SIGHUP reloads. Returns the exit code of the program: 0 after a clean stop, 1
// where the configuration is wrong and no last good one is kept, 2 where the gateway cannot start. Must be called before any
// thread exists: it blocks the signals for all of them.
int run_service(GatewayContext context);

}  // namespace ferrule

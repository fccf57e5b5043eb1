// `ferrule simulate FILE` and `--from FILE`: serves the plant that a file describes until SIGINT or SIGTERM.
#pragma once

#include <cstdio>
#include <optional>
#include <string>

#include "core/clock.h"
#include "host/loading.h"

namespace ferrule {

// Prints one line per endpoint to `out` ("tcp 127.0.0.1:40213", "serial /tmp/plant-line -> /dev/pts/3") and flushes, so that
// whoever started it knows that it is ready. Ends with 0 on SIGINT, SIGTERM or after `run_for`; 1 when the file is wrong or an
// endpoint cannot be opened, with the reasons on standard error. Takes over both signals; call it once, from main's thread.
int simulate(const std::string& file, std::optional<Duration> run_for, std::FILE* out);

// `ferrule simulate --from FILE`: plays the devices of a gateway's own configuration. Writes copies of its files into `desk`,
// which lead to the simulated devices instead of the plant, and says how to run them: then, as above, one line per endpoint, each
// with its channel ("channel press tcp 127.0.0.1:40213"), and the command. Exit codes as above.
int simulate_from(const Folders& folders, const std::string& desk, std::optional<Duration> run_for, std::FILE* out);

}  // namespace ferrule

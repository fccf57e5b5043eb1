// `ferrule check FILE` and `ferrule schema`: what is wrong with a configuration, and what may stand in one.
#pragma once

#include <cstdio>
#include <string>

#include "host/loading.h"

namespace ferrule {

// Prints every mistake as file:line:column: what, nearest known word; exit code 1 when there is one. Touches no device, broker or
// socket.
int check(const Folders& folders, std::FILE* out);

// The JSON Schema of the configuration file, for editors.
int print_schema(std::FILE* out);

}  // namespace ferrule

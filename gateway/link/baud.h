// Baud rates that termios knows by name.
#pragma once

#include <termios.h>

#include <cstdint>
#include <optional>

namespace ferrule {

std::optional<speed_t> termios_speed(int64_t baud);

}  // namespace ferrule

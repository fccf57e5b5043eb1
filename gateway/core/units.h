// Durations and sizes as people write them: 500ms, 1s, 15min, 2h, 30d; 512MiB, 64KiB, 2GB, 100B.
// A bare number is refused: nobody should have to guess its unit. Whole and decimal numbers are taken ("1.5s"), no spaces.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/clock.h"
#include "core/status.h"

namespace ferrule {

Result<Duration> parse_duration(std::string_view text);  // us ms s min h d; 0 .. 100 years
Result<uint64_t> parse_size(std::string_view text);      // B kB MB GB KiB MiB GiB; 0 .. 2^53
std::string to_text(Duration duration);                  // "15min", "1500ms": the largest unit of which it is a whole number
std::string size_text(uint64_t bytes);                   // "512MiB"

}  // namespace ferrule

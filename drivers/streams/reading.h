#pragma once

#include <cstddef>

#include "core/clock.h"

namespace ferrule::streams {

// How the stream drivers read.
inline constexpr size_t kReadSize = 16 * 1024;
inline constexpr size_t kDatagramSize = 65536;                      // no datagram of IP is larger: RFC 791, 16 bits of length
inline constexpr Duration kSweep = std::chrono::milliseconds(250);  // between two looks at what is overdue

}  // namespace ferrule::streams

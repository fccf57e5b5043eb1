// Every limit of the REST API. The README has them as a table.
#pragma once

#include <cstddef>

#include "core/clock.h"

namespace ferrule {

namespace rest_limits {

inline constexpr size_t kHeader = 8 * 1024;       // of a request, in bytes
inline constexpr size_t kBody = 64 * 1024;        // of a request, in bytes
inline constexpr size_t kConnections = 64;        // in all
inline constexpr size_t kTcpConnections = 56;     // the rest is for the command line, whatever TCP does
inline constexpr size_t kStreams = 8;             // live streams, out of the connections
inline constexpr size_t kReplyBytes = 32u << 20;  // bodies that wait to be taken, all connections; one may always go

inline constexpr Duration kProbe{std::chrono::seconds(5)};  // the longest wait for the answer to a probe

}  // namespace rest_limits

// Tests make them short.
struct RestTimes {
  Duration request{std::chrono::seconds(10)};      // from the first byte of a request (or the accept) to its last
  Duration idle{std::chrono::seconds(60)};         // between two requests
  Duration reply{std::chrono::seconds(30)};        // for a reader to take a reply
  Duration stall{std::chrono::seconds(30)};        // for a reader of a stream to take anything at all
  Duration heartbeat{std::chrono::seconds(15)};    // of a stream that has nothing to say
  Duration linger{std::chrono::seconds(1)};        // for a refused sender to read why
  Duration late{std::chrono::seconds(3)};          // beyond expires_in, until a lost outcome is `unknown`
  Duration beat{std::chrono::seconds(2)};          // of the loop, for the watchdog: the only wake-up when idle
  Duration accept_pause{std::chrono::seconds(1)};  // after the system refused a connection
};

}  // namespace ferrule

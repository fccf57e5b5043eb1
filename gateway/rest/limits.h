// Every limit of the REST API. The README has them as a table.
#pragma once

#include <cstddef>

#include "core/clock.h"

namespace ferrule::rest_limits {

inline constexpr size_t kHeader = 8 * 1024;       // of a request, in bytes
inline constexpr size_t kBody = 64 * 1024;        // of a request, in bytes
inline constexpr size_t kConnections = 64;        // in all
inline constexpr size_t kTcpConnections = 56;     // the rest is for the command line, whatever TCP does
inline constexpr size_t kStreams = 8;             // live streams, out of the connections
inline constexpr size_t kReplyBytes = 32u << 20;  // bodies that wait to be taken, all connections; one may always go

inline constexpr Duration kRequest{std::chrono::seconds(10)};     // from the first byte of a request (or the accept) to its last
inline constexpr Duration kIdle{std::chrono::seconds(60)};        // between two requests
inline constexpr Duration kReply{std::chrono::seconds(30)};       // for a reader to take a reply
inline constexpr Duration kStall{std::chrono::seconds(30)};       // for a reader of a stream to take anything at all
inline constexpr Duration kHeartbeat{std::chrono::seconds(15)};   // of a stream that has nothing to say
inline constexpr Duration kLinger{std::chrono::seconds(1)};       // for a refused sender to read why
inline constexpr Duration kLate{std::chrono::seconds(3)};         // beyond expires_in, until a lost outcome is `unknown`
inline constexpr Duration kBeat{std::chrono::seconds(2)};         // of the loop, for the watchdog: the only wake-up when idle
inline constexpr Duration kAcceptPause{std::chrono::seconds(1)};  // after the system refused a connection

}  // namespace ferrule::rest_limits

// The only source of time in ferrule. Everything that asks for the time is given a Clock, so that tests and simulations can
// run 72 hours in a second.
//
// MonoTime never steps and orders everything inside one boot: periods, deadlines, ages. WallTime is UTC, may step by years when
// a clock battery is empty, and is only ever shown or sent. now() and wall() may be called from every thread, at any rate.
#pragma once

#include <chrono>
#include <cstdint>

namespace ferrule {

using Duration = std::chrono::nanoseconds;
using MonoTime = std::chrono::time_point<std::chrono::steady_clock, Duration>;
using WallTime = std::chrono::time_point<std::chrono::system_clock, Duration>;
using Deadline = MonoTime;  // the moment at which a call gives up

class Clock {
 public:
  virtual ~Clock() = default;
  virtual MonoTime now() const = 0;
  virtual WallTime wall() const = 0;
};

class SystemClock final : public Clock {
 public:
  MonoTime now() const override { return std::chrono::time_point_cast<Duration>(std::chrono::steady_clock::now()); }
  WallTime wall() const override { return std::chrono::time_point_cast<Duration>(std::chrono::system_clock::now()); }
};

// Milliseconds since 1970-01-01 UTC, as payloads carry them.
inline int64_t unix_ms(WallTime at) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(at.time_since_epoch()).count();
}

// Before this ferrule did not exist: a wall clock that says so has not been set yet, as on a box without a battery until it hears
// from a time server. 2025-01-01 UTC.
inline constexpr WallTime kClockUnset{std::chrono::seconds(1'735'689'600)};
inline bool clock_was_set(WallTime said) { return said >= kClockUnset; }

inline WallTime from_unix_ms(int64_t ms) { return WallTime(std::chrono::milliseconds(ms)); }

}  // namespace ferrule

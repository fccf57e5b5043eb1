// The service manager's notification protocol (sd_notify(3), "Notes": a datagram to $NOTIFY_SOCKET). Written out here because
// libsystemd would bring five more libraries into a 10 MB process for this one datagram.
#pragma once

#include <optional>
#include <string_view>

#include "core/clock.h"

namespace ferrule {

// "READY=1", "STATUS=...", "WATCHDOG=1", "STOPPING=1", "RELOADING=1\nMONOTONIC_USEC=..."; nothing happens outside systemd.
void notify_systemd(std::string_view state);

// How often the watchdog wants to hear from us, from $WATCHDOG_USEC; nothing when it is off.
std::optional<Duration> watchdog_period();

}  // namespace ferrule

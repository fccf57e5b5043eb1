// Stands in for the driver of a channel that cannot be had as it is configured, because a secret or a file of TLS is missing: the
// channel is there with its tags, bad for want of a link, and says why.
#pragma once

#include "sdk/driver.h"

namespace ferrule {

// Builds a driver whose every connect() fails with the channel's `trouble`.
extern const DriverType kBarredDriver;

}  // namespace ferrule

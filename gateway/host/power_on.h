// Which boots of the gateway share the machine's monotonic clock with the present one: those since the machine was switched on.
#pragma once

#include <cstdint>
#include <string>

namespace ferrule {

// The gateway's first boot number since the machine was switched on, kept in a file in the folder `state` beside the kernel's id
// of its own boot. `boot` itself where that cannot be known: then records of earlier boots keep the time stamps they have.
uint64_t first_boot_since_power_on(const std::string& state, uint64_t boot,
                                   const std::string& kernel_boot_id = "/proc/sys/kernel/random/boot_id");

}  // namespace ferrule

// IP addresses as text. Pure.
#pragma once

#include <optional>
#include <string>

namespace ferrule {

// One text for an address, however it is written: ::1 for 0:0:0:0:0:0:0:1, and 10.0.0.1 for ::ffff:10.0.0.1, as which a socket of
// both families shows it. Nothing: it is no IP address.
std::optional<std::string> canonical_ip(const std::string& text);

}  // namespace ferrule

// Says what is wrong with a broker's TLS, in words for an operator. Paho says only "TCP/TLS connect failure".
#pragma once

#include <string>

#include "sdk/settings.h"

namespace ferrule {

// Shakes hands once with the same demands (authorities, host name or address, dates), sends nothing, closes. What was found
// wrong, or empty: nothing, or not even a connection. Blocks for 3 s at most, and for as long as resolving the name takes.
std::string tls_objection(const MqttSettings& settings);

}  // namespace ferrule

// What a broker's reason code means for a record and for the next attempt to connect. Pure.
#pragma once

#include <string>

#include "core/status.h"
#include "sdk/uplink.h"

namespace ferrule {

// Of a PUBACK, PUBREC or PUBCOMP of MQTT 5.
Settlement settlement_of(int reason);

// Of a CONNACK that says no (3.1.1 return codes 1..5, MQTT 5 reason codes from 0x80), or of a DISCONNECT. Fault::refused where
// nothing changes until somebody changes a configuration.
Status refusal_of(int code);

// The broker does not speak this version of MQTT.
bool wrong_version(int connack_code);

// "0x97 quota exceeded"
std::string reason_text(int reason);

}  // namespace ferrule

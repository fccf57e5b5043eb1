// The way of a command from a person or a program to a device: find, check type and range, undo labels, scale and offset, hand to
// the channel, and tell the uplinks the outcome.
#pragma once

#include <functional>
#include <string>

#include "host/gateway.h"
#include "rest/gateway_api.h"

namespace ferrule {

// What the driver is to write for this engineering value; an error says what is allowed. Pure.
Result<Value> raw_value(const TagSettings& tag, const Value& wanted);

// As GatewayApi::write.
Status write_tag(Gateway& gateway, const WriteRequest& request, std::function<void(WriteReply)> done);

}  // namespace ferrule

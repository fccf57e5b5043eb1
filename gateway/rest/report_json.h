// The reports of the gateway as JSON, appended to a string: 40,000 tags must not build a document.
// Times are milliseconds since 1970 UTC, durations seconds; a field that says nothing is left out.
#pragma once

#include <string>

#include "rest/gateway_api.h"

namespace ferrule {

void append_gateway(std::string& out, const GatewayReport& report);
void append_channel(std::string& out, const ChannelReport& report, bool with_plan);
void append_frame(std::string& out, const FrameReport& report);
void append_device(std::string& out, const DeviceReport& report);
void append_uplink(std::string& out, const UplinkReport& report);
void append_outbox(std::string& out, const OutboxReport& report);
void append_tag(std::string& out, const TagReport& report);
void append_problems(std::string& out, const GatewayReport& report);  // {"healthy":true,"problems":[]}

}  // namespace ferrule

// Writes one event as a JSON object. All have gateway, boot, seq, timestamp (ms UTC) and event; `device` where it is about one;
// `historical` where it is older than this session of the link.
//
//   alarm    id (the rule), state raised|cleared, severity, text, values {"boiler.temperature":86.1}
//   loss     uplink, from, to (ms UTC), samples, why
//   command  id, tag, result done|refused|expired|failed|unknown, value, reason
//   device   state online|offline, reason, text
#pragma once

#include <string>

#include "core/names.h"
#include "sdk/encoder.h"

namespace ferrule {

// `input.record` is anything but samples.
void append_event(std::string& out, const std::string& gateway, const Names& names, const EncoderInput& input);

}  // namespace ferrule

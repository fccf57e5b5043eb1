// The way back: content into a frame as it goes on the wire. What build_frame makes, a Framer of the same rule takes apart into
// the same content. Pure.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/status.h"
#include "drivers_common/frame_rule.h"

namespace ferrule {

// Adds ends, escapes, checksum; puts the length where the rule has one (the content of kind length has room for it). `type` is a
// tagged frame's. invalid: the content does not fit the rule (too long, wrong length, an end inside it and no escape).
Result<std::vector<uint8_t>> build_frame(const FrameRule& rule, std::span<const uint8_t> content, uint8_t type = 1);

}  // namespace ferrule

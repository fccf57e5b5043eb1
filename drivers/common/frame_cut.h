// What stands at the front of a stream: a frame, something to drop, or too little to tell. One step, pure; Framer repeats it.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "drivers_common/frame_rule.h"

namespace ferrule {

enum class FrameDrop : uint8_t {
  too_long,       // no end within max_length, or a length beyond it
  bad_length,     // a length that not even the header fits
  bad_checksum,   // also: too short to have one
  unfinished,     // the timeout, a new start or the end of a datagram came before its end
  noise,          // bytes before a start
  wrong_version,  // tagged: not version 1
};
inline constexpr size_t kFrameDrops = 6;
std::string_view to_text(FrameDrop drop);

// What a stream remembers between two steps.
struct FrameSearch {
  uint32_t scanned = 0;   // of the front: no end begins before it
  bool skipping = false;  // until the end of a frame that is too long
  bool joined = false;    // skipping because the stream was entered midway: a long silence ends it, too
  bool hunting = false;   // out of step: the loss has been told
  uint32_t work = 0;      // bytes summed in vain, less what the stream's bytes allow: see try_on
};

struct FrameCut {
  enum class What : uint8_t {
    more,   // of the bytes that follow; nothing is used
    frame,  // content
    drop,   // a loss: why
    skip,   // bytes of a loss that has been told
    empty,  // two ends in a row
  };
  What what = What::more;
  FrameDrop why = FrameDrop::noise;
  uint8_t type = 0;
  size_t used = 0;  // bytes from the front; > 0 unless more
  std::span<const uint8_t> content;
};

// `window` begins where the last step's used bytes ended. `scratch` is where escapes are undone. For all kinds but gap and whole.
FrameCut cut_front(const FrameRule& rule, std::span<const uint8_t> window, FrameSearch& search, std::vector<uint8_t>& scratch);

// The content without its checksum; nothing where the sum is wrong or missing.
std::optional<std::span<const uint8_t>> without_checksum(const ChecksumRule& rule, std::span<const uint8_t> content);

}  // namespace ferrule

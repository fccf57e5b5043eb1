#include "drivers_common/tagged_frame.h"

namespace ferrule {

void give_tagged_layout(FrameRule& rule) {
  rule.length_at = rule.start.size() + 2;  // behind version and type
  rule.length_width = 2;
  rule.length_little = false;
  rule.length_add = static_cast<int64_t>(rule.header() + rule.checksum.separator.size() + rule.checksum.size());
}

std::optional<NumberedPayload> numbered_payload(std::span<const uint8_t> payload) {
  if (payload.size() < 2) return std::nullopt;
  return NumberedPayload{static_cast<uint16_t>(payload[0] << 8 | payload[1]), payload.subspan(2)};
}

}  // namespace ferrule

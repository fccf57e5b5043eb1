// The tagged binary frame, `frame: { kind: tagged, start: FE }`: magic | version | type | length | payload [| checksum].
//
//   magic     1 to 16 bytes of the user's choice
//   version   1 byte, 1
//   type      1 byte, below; with kWantsAcknowledgement added the payload begins with a number of 2 bytes that the gateway sends
//             back in an acknowledgement when the data is durable (a heartbeat: at once)
//   length    2 bytes, high byte first: of the payload
//   checksum  where the user asks for one; it covers everything before it
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "drivers_common/frame_rule.h"

namespace ferrule {

inline constexpr uint8_t kTaggedVersion = 1;
inline constexpr uint8_t kTaggedData = 1;
inline constexpr uint8_t kTaggedHeartbeat = 2;
inline constexpr uint8_t kTaggedAcknowledgement = 3;
inline constexpr uint8_t kWantsAcknowledgement = 0x80;

// Completes a rule that has its magic and its checksum.
void give_tagged_layout(FrameRule& rule);

// A payload of a type with kWantsAcknowledgement, taken apart.
struct NumberedPayload {
  uint16_t number = 0;
  std::span<const uint8_t> rest;
};
std::optional<NumberedPayload> numbered_payload(std::span<const uint8_t> payload);

}  // namespace ferrule

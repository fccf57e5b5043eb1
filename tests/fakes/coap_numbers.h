// Numbers of codes and options, as the scripted CoAP devices write them.
#pragma once

#include <cstdint>
#include <vector>

#include "tests/fakes/coap_message.h"

namespace ferrule::coap {

inline constexpr uint8_t kContent = 0x45, kChanged = 0x44, kNotFound = 0x84, kContinue = 0x5f, kTooLarge = 0x8d;
inline constexpr int kEtag = 4, kObserve = 6, kFormat = 12, kMaxAge = 14, kBlock2 = 23, kBlock1 = 27;

using Replies = std::vector<CoapMessage>;

}  // namespace ferrule::coap

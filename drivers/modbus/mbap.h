// Composes the frames of Modbus TCP: seven bytes before the PDU. Taking them apart is reply.h's.
//
// By hand, because libmodbus would cost nine system calls more an exchange here, three quarters of the whole (README.md); a test
// holds these frames to libmodbus' own.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>

#include "modbus/reply.h"

namespace ferrule::modbus {

class MbapRequest {
 public:
  // `pdu` starts at the function code and has 2 to 253 bytes. Valid until the next call.
  std::span<const uint8_t> compose(uint16_t transaction, uint8_t unit, std::span<const uint8_t> pdu) {
    pdu = pdu.first(std::min(pdu.size(), kTcpFrameMost - kMbapSize));
    const auto length = static_cast<uint16_t>(pdu.size() + 1);
    frame_ = {high(transaction), low(transaction), 0, 0, high(length), low(length), unit};
    std::ranges::copy(pdu, frame_.begin() + kMbapSize);
    return std::span(frame_).first(kMbapSize + pdu.size());
  }

 private:
  static uint8_t high(uint16_t word) { return static_cast<uint8_t>(word >> 8); }
  static uint8_t low(uint16_t word) { return static_cast<uint8_t>(word); }
  std::array<uint8_t, kTcpFrameMost> frame_{};
};

}  // namespace ferrule::modbus

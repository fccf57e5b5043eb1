// Where a Modbus tag lies: one of the four areas, a zero-based offset, and for one bit of a register its number.
//
//   holding:100  input:0  coil:7  discrete:3      the protocol's own offsets, 0..65535
//   holding:40.3                                  bit 3 (0 = least significant) of a register
//   40101  400101  30001  10001  00001  40101.3   the notation of manuals: first digit the area, the rest counts from 1
// Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/status.h"

namespace ferrule::modbus {

enum class Area : uint8_t { coil, discrete, input, holding };

struct Address {
  Area area = Area::holding;
  uint16_t offset = 0;
  std::optional<uint8_t> bit;  // 0..15, registers only
  bool operator==(const Address&) const = default;
};

inline constexpr uint32_t kAddressSpace = 65536;  // offsets of one area

inline bool holds_bits(Area area) { return area == Area::coil || area == Area::discrete; }
inline bool can_write(Area area) { return area == Area::coil || area == Area::holding; }
std::string_view to_text(Area area);
std::string to_text(const Address& address);  // "holding:40.3"

// invalid: the text says what to write instead.
Result<Address> parse_address(std::string_view text);
Status check_address(std::string_view text);  // the same, for a FieldSpec

// The notation that `text` was written in, with this address: a row of 40101 goes on as 40102.
std::string in_notation_of(std::string_view text, const Address& address);

}  // namespace ferrule::modbus

// Where a Modbus tag lies: one of the four areas, a zero-based offset, and for bits of it their numbers.
//
//   holding:100  input:0  coil:7  discrete:3      the protocol's own offsets, 0..65535
//   holding:40.3                                  bit 3 (0 = least significant) of a register
//   holding:40.4-7                                bits 4 to 7 as a number; beyond 15 in values of several registers
//   40101  400101  30001  10001  00001  40101.3   the notation of manuals: first digit the area, the rest counts from 1
//   sunspec:103/14  sunspec:101-103/14            word 14 of SunSpec model 103 (of the first of 101 to 103 that the device has),
//                                                 counted from the model's own id, wherever the device keeps it
// Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/status.h"

namespace ferrule::modbus {

enum class Area : uint8_t { coil, discrete, input, holding };

// SunSpec models by their ids; the device has one of them.
struct ModelRange {
  uint16_t first = 0;
  uint16_t last = 0;
  auto operator<=>(const ModelRange&) const = default;
};

struct Address {
  Area area = Area::holding;
  uint16_t offset = 0;         // with `models`: of the word within the model
  std::optional<uint8_t> bit;  // registers only: 0..15, and with `bits` 0..63
  uint8_t bits = 1;            // how many from `bit` on make a number
  std::optional<ModelRange> models = {};
  bool operator==(const Address&) const = default;
};

inline constexpr uint32_t kAddressSpace = 65536;  // offsets of one area

inline bool holds_bits(Area area) { return area == Area::coil || area == Area::discrete; }
inline bool can_write(Area area) { return area == Area::coil || area == Area::holding; }
std::string_view to_text(Area area);
std::string to_text(const Address& address);  // "holding:40.3"
std::string to_text(const ModelRange& models);

// invalid: the text says what to write instead.
Result<Address> parse_address(std::string_view text);
Status check_address(std::string_view text);  // the same, for a FieldSpec

// The notation that `text` was written in, with this address: a row of 40101 goes on as 40102.
std::string in_notation_of(std::string_view text, const Address& address);

}  // namespace ferrule::modbus

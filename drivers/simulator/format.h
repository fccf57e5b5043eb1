// How a simulated value lies in its registers: the shared byte orders, with the wrap-around of a device's own numbers.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "drivers_common/wire_value.h"

namespace ferrule::simulator {

inline constexpr uint32_t kMaxWidth = 123;  // registers of one value

struct Format {
  WireType type = WireType::uint16;
  ByteOrder order = ByteOrder::abcd;
  uint16_t length = 1;  // registers of a string, 1 .. kMaxWidth

  uint32_t width() const;  // registers (or bits) that one value takes
};

// Fill `words` (format.width() of them). A number beyond the type's range wraps around, as a device's counter does; a text is
// cut, or padded with NUL.
void encode_number(const Format& format, double number, std::span<uint16_t> words);
void encode_text(const Format& format, std::string_view text, std::span<uint16_t> words);

}  // namespace ferrule::simulator

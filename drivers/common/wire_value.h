// Turns bytes as they stand on the wire into values and back. Registers of 16 bits travel high byte first; how 32- and 64-bit
// values are spread over them differs from maker to maker.
//
// Pure; no allocation except for text.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "core/status.h"
#include "core/value.h"

namespace ferrule {

enum class WireType : uint8_t { boolean, int16, uint16, int32, uint32, int64, uint64, float32, float64, text };

// Named after where the bytes A B C D (A most significant) of a 32-bit value stand. 64 bits: ABCDEFGH, GHEFCDAB, BADCFEHG,
// HGFEDCBA. 16 bits: AB, AB, BA, BA. Text is never turned around as a whole: only BADC and DCBA swap the two bytes of a register.
enum class ByteOrder : uint8_t { abcd, cdab, badc, dcba };

inline constexpr std::string_view kWireTypeWords[] = {"bool",  "int16",  "uint16",  "int32",   "uint32",
                                                      "int64", "uint64", "float32", "float64", "string"};
inline constexpr std::string_view kByteOrderWords[] = {"ABCD", "CDAB", "BADC", "DCBA"};

std::optional<WireType> wire_type(std::string_view word);
std::optional<ByteOrder> byte_order(std::string_view word);
std::string_view to_text(WireType type);

// Bytes that a value takes; 0 for text, whose length the user gives. A boolean takes a register here.
size_t wire_size(WireType type);

// `bytes` has wire_size(type) bytes, or for text its length. Booleans: any bit set. Text ends before its first NUL.
Value decode(WireType type, ByteOrder order, std::span<const uint8_t> bytes);

// The reverse; fills all of `bytes`. Numbers are rounded to the nearest that the type holds; invalid where the value does not fit
// or is of another kind. Text shorter than its space is filled up with NUL.
Status encode(WireType type, ByteOrder order, const Value& value, std::span<uint8_t> bytes);

}  // namespace ferrule

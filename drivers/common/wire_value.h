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

// bcd*: one decimal digit in each four bits (8421), 4, 8 or 16 of them, never negative. mod10k*: four decimal digits in each
// word, that is word * 10000^n, each word from -9999 to 9999 with the value's own sign.
// The register whose high byte is bytes[at].
inline uint16_t word_at(std::span<const uint8_t> bytes, size_t at) {
  return static_cast<uint16_t>(bytes[at] << 8 | bytes[at + 1]);
}

enum class WireType : uint8_t {
  boolean,
  int16,
  uint16,
  int32,
  uint32,
  int64,
  uint64,
  float32,
  float64,
  text,
  bcd16,
  bcd32,
  bcd64,
  mod10k32,
  mod10k48,
  mod10k64,
};

// Named after where the bytes A B C D (A most significant) of a 32-bit value stand. 64 bits: ABCDEFGH, GHEFCDAB, BADCFEHG,
// HGFEDCBA; 48 bits alike. 16 bits: AB, AB, BA, BA. Text is never turned around as a whole: only BADC and DCBA swap the two bytes
// of a register.
enum class ByteOrder : uint8_t { abcd, cdab, badc, dcba };

inline constexpr std::string_view kWireTypeWords[] = {"bool",   "int16",    "uint16",   "int32",   "uint32", "int64",
                                                      "uint64", "float32",  "float64",  "string",  "bcd16",  "bcd32",
                                                      "bcd64",  "mod10k32", "mod10k48", "mod10k64"};
inline constexpr std::string_view kByteOrderWords[] = {"ABCD", "CDAB", "BADC", "DCBA"};

std::optional<WireType> wire_type(std::string_view word);
std::optional<ByteOrder> byte_order(std::string_view word);
std::string_view to_text(WireType type);

// Bytes that a value takes; 0 for text, whose length the user gives. A boolean takes a register here.
size_t wire_size(WireType type);

// The bits of a value that count, after its bytes are in order; the others belong to something else. Of integers and bcd only.
// What `mask` leaves is moved down by `shift`; a signed type is signed within the bits of its mask, so that the 12 bits of a
// converter below four status bits read right.
struct BitField {
  uint64_t mask = ~uint64_t{0};
  uint8_t shift = 0;
  bool whole() const { return mask == ~uint64_t{0} && shift == 0; }
  bool operator==(const BitField&) const = default;
};
bool has_bits(WireType type);  // may be taken apart by a BitField

// `bytes` has wire_size(type) bytes, or for text its length. Booleans: any bit set. Text ends before its first NUL. None (an
// empty Value) where the bytes are no value: a bcd digit above 9, a mod10k word beyond 9999.
Value decode(WireType type, ByteOrder order, std::span<const uint8_t> bytes, BitField field = {});

// The reverse; fills all of `bytes`, those outside of the field with zeros. Numbers are rounded to the nearest that the type
// holds; invalid where the value does not fit or is of another kind. Text shorter than its space is filled up with NUL.
Status encode(WireType type, ByteOrder order, const Value& value, std::span<uint8_t> bytes, BitField field = {});

}  // namespace ferrule

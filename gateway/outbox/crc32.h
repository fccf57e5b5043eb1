// CRC-32 (IEEE 802.3, reflected) over stored bytes: finds what a worn flash cell or a torn page left behind. Not a signature.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace ferrule::outbox {

namespace detail {
constexpr std::array<uint32_t, 256> crc32_table() {
  std::array<uint32_t, 256> table{};
  for (uint32_t i = 0; i < 256; ++i) {
    uint32_t value = i;
    for (int bit = 0; bit < 8; ++bit) value = (value & 1) != 0 ? 0xedb88320u ^ (value >> 1) : value >> 1;
    table[i] = value;
  }
  return table;
}
inline constexpr std::array<uint32_t, 256> kCrc32 = crc32_table();
}  // namespace detail

constexpr uint32_t crc32(std::string_view bytes) {
  uint32_t value = ~0u;
  for (const char c : bytes) value = detail::kCrc32[(value ^ static_cast<uint8_t>(c)) & 0xff] ^ (value >> 8);
  return ~value;
}

}  // namespace ferrule::outbox

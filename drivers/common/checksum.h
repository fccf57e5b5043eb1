// The checksums that field devices put at the end of a frame, by name. Pure, no allocation.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace ferrule {

// CRCs by the names of the catalogue of parametrised CRC algorithms (reveng.sourceforge.io/crc-catalogue):
//   crc8 = CRC-8/SMBUS, crc8_maxim = CRC-8/MAXIM-DOW, crc16_modbus, crc16_ccitt = CRC-16/IBM-3740 ("CCITT-FALSE"),
//   crc16_xmodem, crc16_kermit, crc16_arc, crc32 = CRC-32/ISO-HDLC, crc32c = CRC-32/ISCSI.
// lrc: the sum of all bytes and the lrc is 0 in 8 bits.
enum class ChecksumKind : uint8_t {
  none,
  sum8,
  lrc,
  xor8,
  sum16,
  crc8,
  crc8_maxim,
  crc16_modbus,
  crc16_ccitt,
  crc16_xmodem,
  crc16_kermit,
  crc16_arc,
  crc32,
  crc32c,
};
inline constexpr std::string_view kChecksumWords[] = {"none",         "sum8",       "lrc",          "xor",         "sum16",
                                                      "crc8",         "crc8_maxim", "crc16_modbus", "crc16_ccitt", "crc16_xmodem",
                                                      "crc16_kermit", "crc16_arc",  "crc32",        "crc32c"};

std::optional<ChecksumKind> checksum_kind(std::string_view word);
size_t checksum_width(ChecksumKind kind);  // bytes of the sum: 0, 1, 2 or 4
uint32_t checksum(ChecksumKind kind, std::span<const uint8_t> bytes);

}  // namespace ferrule

#include "drivers_common/checksum.h"

#include <array>

namespace ferrule {

namespace {

struct Crc {
  int width;  // bits
  uint32_t polynomial;
  uint32_t initial;
  bool reflected;  // bytes enter, and the sum leaves, low bit first
  uint32_t final_xor;
};

constexpr uint32_t mask_of(const Crc& crc) { return crc.width == 32 ? 0xffffffffu : (1u << crc.width) - 1; }

constexpr uint32_t reflect(uint32_t bits, int width) {
  uint32_t turned = 0;
  for (int i = 0; i < width; ++i) turned |= ((bits >> i) & 1u) << (width - 1 - i);
  return turned;
}

using Table = std::array<uint32_t, 256>;

// What one byte does to an otherwise empty register.
constexpr Table table_of(const Crc& crc) {
  Table table{};
  const uint32_t top = 1u << (crc.width - 1);
  const uint32_t turned = reflect(crc.polynomial, crc.width);
  for (uint32_t byte = 0; byte < table.size(); ++byte) {
    uint32_t bits = crc.reflected ? byte : byte << (crc.width - 8);
    for (int i = 0; i < 8; ++i) {
      if (crc.reflected) {
        bits = (bits & 1u) != 0 ? (bits >> 1) ^ turned : bits >> 1;
      } else {
        bits = (bits & top) != 0 ? (bits << 1) ^ crc.polynomial : bits << 1;
      }
    }
    table[byte] = bits & mask_of(crc);
  }
  return table;
}

template <Crc kCrc>
uint32_t crc_of(std::span<const uint8_t> bytes) {
  static constexpr Table kTable = table_of(kCrc);
  uint32_t sum = kCrc.initial;
  for (const uint8_t byte : bytes) {
    if constexpr (kCrc.reflected) {
      sum = (kCrc.width > 8 ? sum >> 8 : 0) ^ kTable[(sum ^ byte) & 0xff];
    } else {
      sum = ((sum << 8) ^ kTable[((sum >> (kCrc.width - 8)) ^ byte) & 0xff]) & mask_of(kCrc);
    }
  }
  return sum ^ kCrc.final_xor;
}

constexpr Crc kCrc8{8, 0x07, 0, false, 0};
constexpr Crc kCrc8Maxim{8, 0x31, 0, true, 0};
constexpr Crc kCrc16Modbus{16, 0x8005, 0xffff, true, 0};
constexpr Crc kCrc16Ccitt{16, 0x1021, 0xffff, false, 0};
constexpr Crc kCrc16Xmodem{16, 0x1021, 0, false, 0};
constexpr Crc kCrc16Kermit{16, 0x1021, 0, true, 0};
constexpr Crc kCrc16Arc{16, 0x8005, 0, true, 0};
constexpr Crc kCrc32{32, 0x04c11db7, 0xffffffff, true, 0xffffffff};
constexpr Crc kCrc32c{32, 0x1edc6f41, 0xffffffff, true, 0xffffffff};

uint32_t sum_of(std::span<const uint8_t> bytes) {
  uint32_t sum = 0;
  for (const uint8_t byte : bytes) sum += byte;
  return sum;
}

uint32_t xor_of(std::span<const uint8_t> bytes) {
  uint32_t sum = 0;
  for (const uint8_t byte : bytes) sum ^= byte;
  return sum;
}

}  // namespace

std::optional<ChecksumKind> checksum_kind(std::string_view word) {
  for (size_t i = 0; i < std::size(kChecksumWords); ++i) {
    if (kChecksumWords[i] == word) return static_cast<ChecksumKind>(i);
  }
  return std::nullopt;
}

size_t checksum_width(ChecksumKind kind) {
  if (kind == ChecksumKind::none) return 0;
  if (kind >= ChecksumKind::crc32) return 4;
  return kind == ChecksumKind::sum16 || kind >= ChecksumKind::crc16_modbus ? 2 : 1;
}

uint32_t checksum(ChecksumKind kind, std::span<const uint8_t> bytes) {
  switch (kind) {
    case ChecksumKind::none: return 0;
    case ChecksumKind::sum8: return sum_of(bytes) & 0xff;
    case ChecksumKind::lrc: return (0u - sum_of(bytes)) & 0xff;
    case ChecksumKind::xor8: return xor_of(bytes);
    case ChecksumKind::sum16: return sum_of(bytes) & 0xffff;
    case ChecksumKind::crc8: return crc_of<kCrc8>(bytes);
    case ChecksumKind::crc8_maxim: return crc_of<kCrc8Maxim>(bytes);
    case ChecksumKind::crc16_modbus: return crc_of<kCrc16Modbus>(bytes);
    case ChecksumKind::crc16_ccitt: return crc_of<kCrc16Ccitt>(bytes);
    case ChecksumKind::crc16_xmodem: return crc_of<kCrc16Xmodem>(bytes);
    case ChecksumKind::crc16_kermit: return crc_of<kCrc16Kermit>(bytes);
    case ChecksumKind::crc16_arc: return crc_of<kCrc16Arc>(bytes);
    case ChecksumKind::crc32: return crc_of<kCrc32>(bytes);
    case ChecksumKind::crc32c: return crc_of<kCrc32c>(bytes);
  }
  return 0;
}

}  // namespace ferrule

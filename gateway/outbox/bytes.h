// Numbers to bytes and back: LEB128 varints, zigzag for signed ones, little-endian fixed widths.
//
// ByteReader never reads past its end and never allocates: after the first thing that does not fit it has failed, and every later
// call returns 0 or nothing. Check ok() before believing what was read.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace ferrule::outbox {

constexpr uint64_t zigzag(int64_t number) { return (static_cast<uint64_t>(number) << 1) ^ static_cast<uint64_t>(number >> 63); }
constexpr int64_t unzigzag(uint64_t code) { return static_cast<int64_t>((code >> 1) ^ (~(code & 1) + 1)); }

inline void put_varint(std::string& out, uint64_t number) {
  while (number >= 0x80) {
    out += static_cast<char>(number | 0x80);
    number >>= 7;
  }
  out += static_cast<char>(number);
}

inline void put_signed(std::string& out, int64_t number) { put_varint(out, zigzag(number)); }

inline void put_fixed(std::string& out, uint64_t number, size_t bytes) {
  for (size_t i = 0; i < bytes; ++i) out += static_cast<char>(number >> (8 * i));
}

inline void put_text(std::string& out, std::string_view text) {
  put_varint(out, text.size());
  out += text;
}

class ByteReader {
 public:
  explicit ByteReader(std::string_view bytes) : bytes_(bytes) {}

  bool ok() const { return ok_; }
  void fail() {
    ok_ = false;
    bytes_ = {};
  }
  size_t left() const { return bytes_.size(); }

  uint8_t byte() {
    if (bytes_.empty()) return fail(), uint8_t{0};
    const auto value = static_cast<uint8_t>(bytes_.front());
    bytes_.remove_prefix(1);
    return value;
  }

  uint64_t varint() {
    uint64_t number = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      const uint8_t next = byte();
      number |= static_cast<uint64_t>(next & 0x7f) << shift;
      if ((next & 0x80) == 0) return number;
    }
    return fail(), uint64_t{0};
  }

  // A varint that must not exceed `most`.
  uint64_t count(uint64_t most) {
    const uint64_t number = varint();
    if (number > most) return fail(), uint64_t{0};
    return number;
  }

  int64_t signed_varint() { return unzigzag(varint()); }

  uint64_t fixed(size_t bytes) {
    const std::string_view part = take(bytes);
    uint64_t number = 0;
    for (size_t i = 0; i < part.size(); ++i) number |= static_cast<uint64_t>(static_cast<uint8_t>(part[i])) << (8 * i);
    return number;
  }

  std::string_view take(uint64_t bytes) {
    if (bytes > bytes_.size()) return fail(), std::string_view{};
    const std::string_view part = bytes_.substr(0, bytes);
    bytes_.remove_prefix(bytes);
    return part;
  }

  std::string_view text() { return take(varint()); }

 private:
  std::string_view bytes_;
  bool ok_ = true;
};

}  // namespace ferrule::outbox

// Reads numbers off the front of some bytes, high byte first; never beyond their end.
#pragma once

#include <bit>
#include <cstdint>
#include <span>

namespace ferrule {

class ByteReader {
 public:
  explicit ByteReader(std::span<const uint8_t> bytes) : bytes_(bytes) {}

  bool failed() const { return failed_; }  // something was asked for that is not there
  bool empty() const { return bytes_.size() == at_; }
  size_t at() const { return at_; }

  uint64_t number(size_t width) {
    const auto bytes = take(width);
    uint64_t number = 0;
    for (const uint8_t byte : bytes) number = number << 8 | byte;
    return number;
  }
  float single() { return std::bit_cast<float>(static_cast<uint32_t>(number(4))); }
  double real() { return std::bit_cast<double>(number(8)); }

  std::span<const uint8_t> take(uint64_t count) {
    if (failed_ || count > bytes_.size() - at_) {
      failed_ = true;
      return {};
    }
    const auto taken = bytes_.subspan(at_, static_cast<size_t>(count));
    at_ += static_cast<size_t>(count);
    return taken;
  }
  bool next_is(uint8_t byte) const { return at_ < bytes_.size() && bytes_[at_] == byte; }

 private:
  std::span<const uint8_t> bytes_;
  size_t at_ = 0;
  bool failed_ = false;
};

}  // namespace ferrule

#include "simulator/server_frame.h"

#include <algorithm>
#include <array>

#include "drivers_common/wire_value.h"

namespace ferrule::simulator {

namespace {

constexpr size_t kMbapHeader = 7;
constexpr size_t kShortestRtu = 4;  // unit, function, CRC
constexpr size_t kLongestRtu = 256;
constexpr Found kNoise{.what = Found::What::noise, .used = 1};

constexpr std::array<uint16_t, 256> make_crc_table() {
  std::array<uint16_t, 256> table{};
  for (uint32_t byte = 0; byte < 256; ++byte) {
    uint32_t crc = byte;
    for (int bit = 0; bit < 8; ++bit) crc = (crc & 1u) != 0 ? (crc >> 1) ^ 0xA001u : crc >> 1;
    table[byte] = static_cast<uint16_t>(crc);
  }
  return table;
}

constexpr std::array<uint16_t, 256> kCrcTable = make_crc_table();

uint16_t advanced(uint16_t crc, uint8_t byte) { return static_cast<uint16_t>(crc >> 8 ^ kCrcTable[(crc ^ byte) & 0xff]); }

bool checksum_fits(std::span<const uint8_t> frame) {
  const size_t body = frame.size() - 2;
  return crc16(frame.first(body)) == (frame[body] | frame[body + 1] << 8);
}

Found find_mbap(std::span<const uint8_t> bytes) {
  if (bytes.size() < kMbapHeader) return {};
  const size_t length = word_at(bytes, 4);  // unit and PDU
  if (word_at(bytes, 2) != 0 || length < 2 || length > kMaxPdu + 1) return {.what = Found::What::broken};
  const size_t whole = kMbapHeader - 1 + length;
  if (bytes.size() < whole) return {};
  return {Found::What::request, whole, word_at(bytes, 0), bytes[6], bytes.subspan(kMbapHeader, length - 1)};
}

// Whole length of the frame that begins like this; 0: more bytes are needed to know; -1: a function code without a known length.
int rtu_length(std::span<const uint8_t> bytes) {
  switch (bytes[1]) {
    case 1:
    case 2:
    case 3:
    case 4:
    case 5:
    case 6: return 8;
    case 15:
    case 16: return bytes.size() < 7 ? 0 : 9 + bytes[6];
    case 22: return 10;
    default: return -1;
  }
}

Found rtu_request(std::span<const uint8_t> frame) {
  return {Found::What::request, frame.size(), 0, frame[0], frame.subspan(1, frame.size() - 3)};
}

// For functions whose length nobody knows: the first place where the checksum fits.
Found find_by_checksum(std::span<const uint8_t> bytes) {
  const size_t most = std::min(bytes.size(), kLongestRtu);
  uint16_t crc = crc16(bytes.first(kShortestRtu - 2));
  for (size_t body = kShortestRtu - 2; body + 2 <= most; ++body) {
    if (crc == (bytes[body] | bytes[body + 1] << 8)) return rtu_request(bytes.first(body + 2));
    crc = advanced(crc, bytes[body]);
  }
  return bytes.size() < kLongestRtu ? Found{} : kNoise;
}

Found find_rtu(std::span<const uint8_t> bytes) {
  if (bytes.size() < kShortestRtu) return {};
  const int length = rtu_length(bytes);
  if (length < 0) return find_by_checksum(bytes);
  const auto whole = static_cast<size_t>(length);
  if (whole > kLongestRtu) return kNoise;
  if (whole == 0 || bytes.size() < whole) return {};
  return checksum_fits(bytes.first(whole)) ? rtu_request(bytes.first(whole)) : kNoise;
}

}  // namespace

uint16_t crc16(std::span<const uint8_t> bytes) {
  uint16_t crc = 0xffff;
  for (const uint8_t byte : bytes) crc = advanced(crc, byte);
  return crc;
}

Found find_request(Framing framing, std::span<const uint8_t> bytes) {
  return framing == Framing::mbap ? find_mbap(bytes) : find_rtu(bytes);
}

void append_answer(Framing framing, const Found& found, std::span<const uint8_t> pdu, std::vector<uint8_t>& out) {
  const auto push = [&out](size_t byte) { out.push_back(static_cast<uint8_t>(byte)); };
  const size_t begin = out.size();
  if (framing == Framing::mbap) {
    const size_t length = pdu.size() + 1;
    for (const size_t byte :
         {size_t{found.transaction} >> 8, size_t{found.transaction}, size_t{0}, size_t{0}, length >> 8, length})
      push(byte);
  }
  push(found.unit);
  out.insert(out.end(), pdu.begin(), pdu.end());
  if (framing == Framing::mbap) return;
  const uint16_t crc = crc16(std::span(out).subspan(begin));
  push(crc);
  push(size_t{crc} >> 8);
}

}  // namespace ferrule::simulator

// The server's side of Modbus framing, pure: bytes in, a request out; an answer in, bytes out. No socket, no time.
//
// A request is unit + PDU (function code and its body, 1 .. 253 bytes). Found::pdu points into the bytes handed in.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace ferrule::simulator {

inline constexpr size_t kMaxPdu = 253;
inline constexpr size_t kMaxFrame = 260;  // MBAP header + PDU; an RTU frame is shorter

enum class Framing : uint8_t { mbap, rtu };

struct Found {
  enum class What : uint8_t {
    incomplete,  // the bytes so far may become a request; used is 0
    request,     // a whole one; used is its length
    noise,       // the first `used` bytes (>= 1) belong to no request: drop them and look again (RTU only)
    broken,      // not this protocol: there is no finding back into step, close the connection (MBAP only)
  };
  What what = What::incomplete;
  size_t used = 0;
  uint16_t transaction = 0;  // MBAP only
  uint8_t unit = 0;
  std::span<const uint8_t> pdu = {};
};

// Looks at the front of `bytes`. An RTU line has no length field: the length follows from the function code, and for codes that
// are not in the table from the first place where the checksum fits.
Found find_request(Framing framing, std::span<const uint8_t> bytes);

// Appends the answer to `found`, framed.
void append_answer(Framing framing, const Found& found, std::span<const uint8_t> pdu, std::vector<uint8_t>& out);

// The Modbus CRC, as a number whose low byte goes on the wire first.
uint16_t crc16(std::span<const uint8_t> bytes);

}  // namespace ferrule::simulator

// Is this the answer to that question? Every byte of a reply is checked here before anything reads a value from it. Pure: bytes
// in, a verdict out; nothing is copied and nothing is trusted, so that it can be tested from tables and fuzzed.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace ferrule::modbus {

enum class Function : uint8_t {
  read_coils = 1,
  read_discrete = 2,
  read_holding = 3,
  read_input = 4,
  write_coil = 5,
  write_register = 6,
  write_coils = 15,
  write_registers = 16,
  mask_write = 22,
};

struct Question {
  uint8_t unit = 1;
  Function function = Function::read_holding;
  uint16_t address = 0;
  uint16_t count = 1;    // registers or bits; of a write of one coil or register the value; of mask_write the bits that stay
  uint16_t or_mask = 0;  // of mask_write: what the other bits become

  bool is_read() const { return function <= Function::read_input; }
  // RTU only: to all units, and none of them answers.
  bool is_broadcast() const { return unit == 0 && !is_read(); }
  uint16_t data_bytes() const;  // of a right answer to a read
};

struct Verdict {
  enum class Kind : uint8_t { answer, exception, wrong };
  Kind kind = Kind::wrong;
  uint8_t code = 0;               // of an exception
  std::span<const uint8_t> data;  // of an answer to a read: data_bytes() of them
  std::string_view why;           // of a wrong one
};

// `pdu` starts at the function code.
Verdict judge(const Question& question, std::span<const uint8_t> pdu);

// --- Modbus TCP -------------------------------------------------------------------------------------------------------------

inline constexpr size_t kMbapSize = 7;  // transaction, protocol, length, unit
inline constexpr size_t kTcpFrameMost = 260;

struct MbapHeader {
  uint16_t transaction = 0;
  uint8_t unit = 0;
  size_t frame_size = 0;  // of the whole frame, at most kTcpFrameMost
};

// `bytes` has at least kMbapSize bytes. Nothing: these bytes do not start a Modbus TCP frame; the stream is out of step for good.
std::optional<MbapHeader> mbap_header(std::span<const uint8_t> bytes);

// --- RTU --------------------------------------------------------------------------------------------------------------------

inline constexpr size_t kRtuFrameMost = 256;

struct RtuSize {
  enum class Kind : uint8_t { known, more, garbage };
  Kind kind = Kind::more;
  size_t size = 0;  // of the whole frame with its checksum, when known
};

// How long the reply is that starts with `bytes`, whoever sent it. more: too few bytes to tell. garbage: no frame starts like
// this.
RtuSize rtu_reply_size(std::span<const uint8_t> bytes);

}  // namespace ferrule::modbus

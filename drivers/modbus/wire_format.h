// libmodbus at work: it composes each request and takes apart each confirmation, of TCP and RTU, with its header and checksum.
//
// libmodbus reads and writes a descriptor, blocks on it, and aborts the process where that is 1024 or above. So it never sees the
// device's: it works on one end of a local socket pair with a low number, reserved once for the process, whose other end is ours.
// What it wrote there we send; a whole, already measured frame that arrived we put there for it to read. Its waits cannot last,
// its recovery modes have nothing to recover, and the deadline and the stop signal stay with us. README.md says what was
// measured.
//
// A WireFormat belongs to one channel's thread. The pair is shared under a mutex that is held for a few microseconds, never
// while anything waits for a device.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>

#include "core/status.h"

using modbus_t = struct _modbus;

namespace ferrule::modbus {

enum class Framing : uint8_t { tcp, rtu };

// Reserves the socket pair now, while low numbers are free. io: none is below 1024. Cheap to repeat.
Status reserve_bench();

class WireFormat {
 public:
  static Result<std::unique_ptr<WireFormat>> make(Framing framing);
  ~WireFormat();

  // The whole frame that asks `unit` with this `pdu` (function code first). `transaction` counts on TCP only. The bytes are valid
  // until the next compose().
  Result<std::span<const uint8_t>> compose(uint16_t transaction, uint8_t unit, std::span<const uint8_t> pdu);

  // The PDU of a whole frame; on RTU its checksum is right. `frame` must have the length that its function code and byte count
  // call for (reply.h checks that first). bad_reply: libmodbus refused it. The bytes are valid until the next take_apart().
  Result<std::span<const uint8_t>> take_apart(std::span<const uint8_t> frame);

 private:
  struct Free {
    void operator()(modbus_t* context) const;
  };
  WireFormat(Framing framing, modbus_t* context) : framing_(framing), context_(context) {}

  const Framing framing_;
  std::unique_ptr<modbus_t, Free> context_;
  std::array<uint8_t, 320> request_{};
  std::array<uint8_t, 320> reply_{};
};

}  // namespace ferrule::modbus

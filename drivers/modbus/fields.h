// What a user may write for a Modbus channel, device and tag.
#pragma once

#include <array>

#include "drivers_common/wire_value.h"
#include "link/stream_fields.h"
#include "modbus/address.h"
#include "sdk/field_spec.h"

namespace ferrule::modbus {

inline constexpr int64_t kMostRegisters = 125;  // of one read, by the protocol
inline constexpr int64_t kMostBits = 2000;
inline constexpr int64_t kMostWrittenRegisters = 123;  // of one write
inline constexpr uint16_t kDefaultPort = 502;

inline constexpr std::array kChannelFields{
    FieldSpec{.name = "tcp",
              .kind = FieldKind::object,
              .help = "Reach the devices over TCP; either this or `serial`.",
              .example = "{ host: 192.168.10.20 }",
              .fields = kTcpFieldTable},
    FieldSpec{.name = "serial",
              .kind = FieldKind::object,
              .help = "Reach the devices over a serial line (Modbus RTU); either this or `tcp`.",
              .example = "{ port: /dev/ttyUSB0, baud: 19200, parity: even }",
              .fields = kSerialFieldTable},
    FieldSpec{.name = "rtu_over_tcp",
              .kind = FieldKind::boolean,
              .help = "With `tcp`: the gateway passes RTU frames through as they are, instead of speaking Modbus TCP.",
              .example = "true",
              .initial = "false"},
    FieldSpec{.name = "timeout",
              .kind = FieldKind::duration,
              .help = "How long a device may take to answer; the time on the wire of a serial line comes on top.",
              .example = "500ms",
              .initial = "1s",
              .least = 0.01,
              .most = 60},
    FieldSpec{.name = "pause",
              .kind = FieldKind::duration,
              .help = "Silence before each request, for devices that need time to turn around.",
              .example = "20ms",
              .initial = "0ms",
              .least = 0,
              .most = 5},
    FieldSpec{.name = "max_registers",
              .kind = FieldKind::integer,
              .help = "Most registers read in one request.",
              .example = "64",
              .initial = "125",
              .unit = "registers",
              .least = 1,
              .most = kMostRegisters},
    FieldSpec{.name = "max_bits",
              .kind = FieldKind::integer,
              .help = "Most coils or discrete inputs read in one request.",
              .example = "256",
              .initial = "2000",
              .unit = "bits",
              .least = 1,
              .most = kMostBits},
};

inline constexpr std::array kDeviceFields{
    FieldSpec{.name = "unit_id",
              .kind = FieldKind::integer,
              .help = "The device's address on the line: 1 to 247. Over TCP 0 to 255, and 1 where it is not written.",
              .example = "5",
              .least = 0,
              .most = 255},
    FieldSpec{.name = "order",
              .kind = FieldKind::choice,
              .help = "Order of the bytes of 32- and 64-bit values, A the most significant, unless a tag says otherwise.",
              .example = "CDAB",
              .initial = "ABCD",
              .words = kByteOrderWords},
    FieldSpec{.name = "timeout",
              .kind = FieldKind::duration,
              .help = "As the channel's, for this device.",
              .example = "2s",
              .least = 0.01,
              .most = 60},
    FieldSpec{.name = "max_registers",
              .kind = FieldKind::integer,
              .help = "As the channel's, for this device.",
              .example = "32",
              .unit = "registers",
              .least = 1,
              .most = kMostRegisters},
    FieldSpec{.name = "max_bits",
              .kind = FieldKind::integer,
              .help = "As the channel's, for this device.",
              .example = "64",
              .unit = "bits",
              .least = 1,
              .most = kMostBits},
    FieldSpec{.name = "max_gap",
              .kind = FieldKind::integer,
              .help = "Unwanted registers that may be read along to join two requests; 0 where reading them is refused.",
              .example = "8",
              .initial = "0",
              .unit = "registers",
              .least = 0,
              .most = kMostRegisters - 2},
};

inline constexpr std::array kTagFields{
    FieldSpec{.name = "address",
              .help = "area:offset from 0 (holding, input, coil, discrete), with .3 for a bit or .4-7 for a few; or the manual's "
                      "number (40101, 400101); or sunspec:MODEL/WORD.",
              .example = "holding:100",
              .required = true,
              .check = check_address},
    FieldSpec{
        .name = "type",
        .kind = FieldKind::choice,
        .help = "How the registers are read; bool for coils, discrete inputs and bits, else uint16 where it is not written.",
        .example = "float32",
        .words = kWireTypeWords},
    FieldSpec{.name = "order",
              .kind = FieldKind::choice,
              .help = "As the device's, for this tag.",
              .example = "CDAB",
              .words = kByteOrderWords},
    FieldSpec{.name = "length",
              .kind = FieldKind::integer,
              .help = "Of a string; rounded up to whole registers.",
              .example = "16",
              .unit = "bytes",
              .least = 1,
              .most = 2 * kMostRegisters},
    FieldSpec{.name = "mask",
              .kind = FieldKind::integer,
              .help = "The bits of the raw value that count; the others are read as 0.",
              .example = "0x0fff",
              .least = 1},
    FieldSpec{
        .name = "exponent",
        .help = "Address of the register with the power of ten that the value is multiplied with (SunSpec's scale factors).",
        .example = "sunspec:103/15",
        .check = check_address},
};

}  // namespace ferrule::modbus

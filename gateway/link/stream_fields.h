// The field tables of `tcp: { host, port }` and `serial: { ... }`, as constants that drivers nest in their own constexpr tables.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "sdk/field_spec.h"

namespace ferrule {

// Says what to write instead where `text` is not a baud rate that Linux knows by name.
Status check_baud(std::string_view text);

inline constexpr std::array kTcpFieldTable{
    FieldSpec{.name = "host", .help = "Name or address of the device or gateway.", .example = "192.168.10.20", .required = true},
    FieldSpec{.name = "port",
              .kind = FieldKind::integer,
              .help = "TCP port; without it the protocol's own.",
              .example = "502",
              .least = 1,
              .most = 65535},
};

// `tls` of a connection that we make. {} is enough where the system trusts the device's certificate.
inline constexpr std::array kTlsFieldTable{
    FieldSpec{.name = "ca",
              .help = "File with the authorities to trust, or the device's own certificate (PEM). Without it: the system's.",
              .example = "/etc/ferrule/tls/plant-ca.pem"},
    FieldSpec{.name = "certificate",
              .help = "File with the gateway's certificate (PEM), where the device asks for one.",
              .example = "/etc/ferrule/tls/gateway.pem"},
    FieldSpec{.name = "key",
              .help = "File with the private key of `certificate` (PEM); without it, it is in the same file.",
              .example = "/etc/ferrule/tls/gateway.key"},
    FieldSpec{.name = "server_name",
              .help = "The name in the device's certificate, where it is not `host`.",
              .example = "scale3.plant"},
};

// `tls` of a port that we listen on.
inline constexpr std::array kTlsListenFieldTable{
    FieldSpec{.name = "certificate",
              .help = "File with the gateway's certificate (PEM).",
              .example = "/etc/ferrule/tls/gateway.pem",
              .required = true},
    FieldSpec{.name = "key",
              .help = "File with its private key (PEM); without it, it is in the same file.",
              .example = "/etc/ferrule/tls/gateway.key"},
    FieldSpec{.name = "ca",
              .help =
                  "File with the authorities (PEM) that must have signed the devices' certificates; without it any device may "
                  "connect.",
              .example = "/etc/ferrule/tls/plant-ca.pem"},
};

inline constexpr std::array<std::string_view, 5> kParityWords{"none", "even", "odd", "mark", "space"};
inline constexpr std::array<std::string_view, 3> kFlowControlWords{"none", "hardware", "software"};
inline constexpr std::array<std::string_view, 2> kRtsWords{"high", "low"};

inline constexpr std::array kRs485FieldTable{
    FieldSpec{.name = "rts_on_send",
              .kind = FieldKind::choice,
              .help = "Level of RTS while we send; the other one while we listen.",
              .example = "low",
              .initial = "high",
              .words = kRtsWords},
    FieldSpec{.name = "before",
              .kind = FieldKind::duration,
              .help = "How long the line's driver is on before the first byte; the kernel counts whole milliseconds.",
              .example = "1ms",
              .initial = "0ms",
              .least = 0,
              .most = 0.1},
    FieldSpec{.name = "after",
              .kind = FieldKind::duration,
              .help = "How long it stays on after the last byte.",
              .example = "1ms",
              .initial = "0ms",
              .least = 0,
              .most = 0.1},
    FieldSpec{.name = "hears_itself",
              .kind = FieldKind::boolean,
              .help = "Leave the receiver on while we send.",
              .example = "true",
              .initial = "false"},
};

inline constexpr std::array kSerialFieldTable{
    FieldSpec{.name = "port",
              .help = "Device file; a name under /dev/serial/by-id survives a change of the USB socket.",
              .example = "/dev/ttyUSB0",
              .required = true},
    FieldSpec{.name = "baud",
              .kind = FieldKind::integer,
              .help = "Bits per second.",
              .example = "19200",
              .initial = "9600",
              .unit = "baud",
              .least = 50,
              .most = 4000000,
              .check = check_baud},
    FieldSpec{.name = "parity",
              .kind = FieldKind::choice,
              .help = "Parity bit; all devices of a line have the same.",
              .example = "even",
              .initial = "none",
              .words = kParityWords},
    FieldSpec{.name = "data_bits",
              .kind = FieldKind::integer,
              .help = "Data bits of a character.",
              .example = "8",
              .initial = "8",
              .unit = "bits",
              .least = 5,
              .most = 8},
    FieldSpec{.name = "stop_bits",
              .kind = FieldKind::integer,
              .help = "Stop bits of a character.",
              .example = "1",
              .initial = "1",
              .unit = "bits",
              .least = 1,
              .most = 2},
    FieldSpec{.name = "flow_control",
              .kind = FieldKind::choice,
              .help = "`hardware`: RTS and CTS; `software`: XON and XOFF, for devices that send text only.",
              .example = "hardware",
              .initial = "none",
              .words = kFlowControlWords},
    FieldSpec{.name = "rs485",
              .kind = FieldKind::object,
              .help = "Let the kernel switch the direction of an RS-485 port by its RTS line. Most USB adapters do that by "
                      "themselves and need nothing here.",
              .example = "{ after: 1ms }",
              .fields = kRs485FieldTable},
};

}  // namespace ferrule

// What a user may write for a channel of raw TCP or UDP.
#pragma once

#include <array>

#include "link/stream_fields.h"
#include "streams/stream_settings.h"

namespace ferrule::tcp {

inline constexpr std::array<std::string_view, 2> kProtocolWords{"tcp", "udp"};

inline constexpr std::array kListenFieldTable{
    FieldSpec{.name = "port",
              .kind = FieldKind::integer,
              .help = "Where the devices connect, or send their datagrams, to.",
              .example = "9000",
              .least = 0,
              .most = 65535,
              .required = true},
    FieldSpec{.name = "address",
              .help = "The gateway's own address to listen on; `0.0.0.0` and `::` are all of them.",
              .example = "192.168.10.1",
              .initial = "127.0.0.1"},
    FieldSpec{.name = "protocol",
              .kind = FieldKind::choice,
              .help = "How the devices send.",
              .example = "udp",
              .initial = "tcp",
              .words = kProtocolWords},
    FieldSpec{.name = "max_connections",
              .kind = FieldKind::integer,
              .help = "Connections at a time; beyond it the oldest that has not said whose it is gives way, else the newcomer.",
              .example = "10000",
              .initial = "1024",
              .least = 1,
              .most = 60000},
    FieldSpec{.name = "max_per_address",
              .kind = FieldKind::integer,
              .help = "Connections at a time from one address; more are closed at once.",
              .example = "200",
              .initial = "64",
              .least = 1,
              .most = 60000},
    FieldSpec{.name = "hello_within",
              .kind = FieldKind::duration,
              .help = "A connection that has not sent a frame of a known device by then is closed.",
              .example = "10s",
              .initial = "30s",
              .least = 0.05,
              .most = 3600},
    FieldSpec{.name = "tls",
              .kind = FieldKind::object,
              .help = "Speak TLS with the devices (TCP).",
              .example = "{ certificate: /etc/ferrule/tls/gateway.pem, key: /etc/ferrule/tls/gateway.key }",
              .fields = kTlsListenFieldTable},
};

inline constexpr std::array kConnectFieldTable{
    kTcpFieldTable[0],
    kTcpFieldTable[1],
    FieldSpec{.name = "tls",
              .kind = FieldKind::object,
              .help = "Speak TLS, and check the device's certificate; {} trusts the system's authorities.",
              .example = "{ ca: /etc/ferrule/tls/plant-ca.pem }",
              .fields = kTlsFieldTable},
};

inline constexpr std::array kChannelFields{
    FieldSpec{.name = "tcp",
              .kind = FieldKind::object,
              .help = "Connect to the device; one of `tcp`, `udp` and `listen`.",
              .example = "{ host: 192.168.10.30, port: 4001 }",
              .fields = kConnectFieldTable},
    FieldSpec{.name = "udp",
              .kind = FieldKind::object,
              .help = "Send datagrams to the device, and hear its answers.",
              .example = "{ host: 192.168.10.30, port: 4001 }",
              .fields = kTcpFieldTable},
    FieldSpec{.name = "listen",
              .kind = FieldKind::object,
              .help = "Wait for devices that connect, or send datagrams, by themselves.",
              .example = "{ port: 9000, address: 0.0.0.0 }",
              .fields = kListenFieldTable},
    streams::kFrameField,
    streams::kRequestFrameField,
    streams::kPayloadField,
    streams::kTimeoutField,
    streams::kGreetingField,
    streams::kIdField,
    streams::kOfflineAfterField,
    streams::kHeartbeatField,
    streams::kHeartbeatReplyField,
    streams::kAcknowledgeField,
};

}  // namespace ferrule::tcp

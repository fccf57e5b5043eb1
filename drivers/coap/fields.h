// What a user may write for a CoAP channel, device and tag.
#pragma once

#include <algorithm>
#include <array>

#include "coap/point.h"
#include "sdk/field_spec.h"
#include "sdk/settings.h"

namespace ferrule::coap {

inline constexpr uint16_t kDefaultPort = 5683;
inline constexpr uint16_t kDefaultSecurePort = 5684;

inline constexpr std::array kDtlsFields{
    FieldSpec{.name = "identity", .help = "Whose key `key` is, as the device knows it.", .example = "gateway7"},
    FieldSpec{.name = "key",
              .kind = FieldKind::secret,
              .help = "The pre-shared key, as a text, or in hexadecimal behind `hex:`.",
              .example = "!secret sensor-key"},
    FieldSpec{.name = "ca",
              .help = "File with the authorities (PEM) that may have signed the device's certificate.",
              .example = "/etc/ferrule/tls/plant-ca.pem"},
    FieldSpec{.name = "certificate",
              .help = "File with the gateway's own certificate (PEM), where the device asks for one.",
              .example = "/etc/ferrule/tls/gateway.pem"},
    FieldSpec{.name = "private_key",
              .help = "File with the private key of `certificate` (PEM).",
              .example = "/etc/ferrule/tls/gateway.key"},
    FieldSpec{.name = "server_name",
              .help = "The name in the device's certificate, where it is not `host`.",
              .example = "sensor17.plant"},
    FieldSpec{.name = "common_name",
              .help = "With `listen` at a device: only who shows a certificate with this common name (CN) posts for it.",
              .example = "sensor17"},
};

inline constexpr FieldSpec kDtlsField{.name = "dtls",
                                      .kind = FieldKind::object,
                                      .help = "Speak DTLS: with a pre-shared key (identity, key) or with certificates (ca).",
                                      .example = "{ identity: gateway7, key: !secret sensor-key }",
                                      .fields = kDtlsFields};

inline constexpr std::array kListenFields{
    FieldSpec{.name = "port",
              .kind = FieldKind::integer,
              .help = "UDP port that the devices send to; without it 5683, and with `dtls` 5684. 0: one of the system's choice.",
              .example = "5683",
              .least = 0,
              .most = 65535},
    FieldSpec{.name = "address",
              .help = "The gateway's own address to listen on; `0.0.0.0` and `::` are all of them.",
              .example = "192.168.10.1",
              .initial = "127.0.0.1"},
};

inline constexpr std::array kChannelFields{
    FieldSpec{.name = "listen",
              .kind = FieldKind::object,
              .help = "Wait for devices that POST their readings to the gateway, instead of asking them.",
              .example = "{ address: 0.0.0.0 }",
              .fields = kListenFields},
    FieldSpec{.name = "offline_after",
              .kind = FieldKind::duration,
              .help = "With `listen`: a device that is silent for this long is offline.",
              .example = "1h",
              .initial = "15min",
              .least = 0.1,
              .most = 7 * 86400},
    FieldSpec{.name = "timeout",
              .kind = FieldKind::duration,
              .help = "How long a device may take to answer, repetitions included.",
              .example = "25s",
              .initial = "10s",
              .least = 0.05,
              .most = 240},
    FieldSpec{.name = "ack_timeout",
              .kind = FieldKind::duration,
              .help = "How long a confirmable request waits for its acknowledgement before it is repeated; doubles each time.",
              .example = "2s",
              .initial = "1s",
              .least = 1,
              .most = 60},
    FieldSpec{.name = "retransmit",
              .kind = FieldKind::integer,
              .help = "How often a confirmable request is repeated, within `timeout`.",
              .example = "2",
              .initial = "4",
              .unit = "times",
              .least = 0,
              .most = 10},
    kDtlsField,
};

inline constexpr std::array kDeviceFields{
    FieldSpec{.name = "unit_id",
              .kind = FieldKind::integer,
              .help = "Makes rows of devices; {unit_id} in host, address and root is filled in.",
              .example = "5",
              .least = 0,
              .most = 1'000'000},
    FieldSpec{.name = "host", .help = "Name or address of the device to be asked.", .example = "192.168.10.31"},
    FieldSpec{.name = "address",
              .help = "With `listen`: only what comes from this IP address is the device's.",
              .example = "192.168.10.31"},
    FieldSpec{
        .name = "root", .help = "Put before the path of each of its tags.", .example = "/node/{unit_id}", .check = check_path},
    FieldSpec{.name = "port",
              .kind = FieldKind::integer,
              .help = "UDP port; without it 5683, and with `dtls` 5684.",
              .example = "5683",
              .least = 1,
              .most = 65535},
    FieldSpec{.name = "timeout",
              .kind = FieldKind::duration,
              .help = "As the channel's, for this device.",
              .example = "30s",
              .least = 0.05,
              .most = 240},
    FieldSpec{.name = "confirmable",
              .kind = FieldKind::boolean,
              .help = "Repeat requests until the device acknowledges them; false: each is sent once.",
              .example = "false",
              .initial = "true"},
    FieldSpec{.name = "observe",
              .kind = FieldKind::boolean,
              .help = "Let the device tell when a value changes (RFC 7641), unless a tag says otherwise.",
              .example = "true",
              .initial = "false"},
    kDtlsField,
};

inline constexpr std::array<std::string_view, 6> kFormatWords{"text", "json", "cbor", "senml_json", "senml_cbor", "bytes"};
inline constexpr std::array<std::string_view, 3> kTypeWords{"number", "string", "bool"};
inline constexpr std::array<std::string_view, 2> kMethodWords{"put", "post"};

inline constexpr std::array kTagFields{
    FieldSpec{
        .name = "path",
        .help = "Of the device's resource, with its query where it has one; with `listen` of the gateway's, to which the device "
                "posts. Tags with the same path share a message.",
        .example = "/sensors/climate?unit=C",
        .required = true,
        .check = check_path},
    FieldSpec{.name = "value",
              .help = "Where the value stands in JSON or CBOR, as keys and indexes: /room/0/t. Nothing: it is the whole payload.",
              .example = "/temperature",
              .check = check_value_pointer},
    FieldSpec{.name = "record",
              .help = "Name of the SenML record, base name included. Nothing: the last record of the pack.",
              .example = "urn:dev:ow:10e2073a01080063:temp"},
    FieldSpec{.name = "format",
              .kind = FieldKind::choice,
              .help = "How the payload is written; also asked of the device (Accept). Nothing: as the device says, text where it "
                      "says nothing.",
              .example = "senml_json",
              .words = kFormatWords},
    FieldSpec{.name = "type",
              .kind = FieldKind::choice,
              .help = "What the value must be; a text is read as a number or bool where that is asked for. Nothing: as it comes, "
                      "a text that is a number as a number.",
              .example = "number",
              .words = kTypeWords},
    FieldSpec{.name = "observe", .kind = FieldKind::boolean, .help = "As the device's, for this tag.", .example = "true"},
    FieldSpec{.name = "method",
              .kind = FieldKind::choice,
              .help = "How a command is sent to the resource.",
              .example = "post",
              .initial = "put",
              .words = kMethodWords},
};

// Of a channel with `listen`.
inline uint16_t listen_port(const ChannelSettings& channel) {
  const Fields& listen = *channel.fields.object("listen");
  if (listen.has("port")) return static_cast<uint16_t>(listen.integer("port"));
  const auto secure = [](const DeviceSettings& device) { return device.fields.has("dtls"); };
  const bool dtls = channel.fields.has("dtls") || std::ranges::any_of(channel.devices, secure);
  return dtls ? kDefaultSecurePort : kDefaultPort;
}

}  // namespace ferrule::coap

// What raw TCP, UDP and serial channels have in common: the fields of channel, device and tag.
#pragma once

#include <array>

#include "drivers_common/extraction.h"
#include "drivers_common/frame_rule.h"
#include "drivers_common/message_template.h"
#include "sdk/settings.h"

namespace ferrule::streams {

inline constexpr FieldSpec kFrameField{.name = "frame",
                                       .kind = FieldKind::object,
                                       .help = "How the bytes of the devices are divided into frames.",
                                       .example = "{ kind: delimiter, end: '\\r\\n' }",
                                       .fields = kFrameFieldTable};
inline constexpr FieldSpec kRequestFrameField{.name = "request_frame",
                                              .kind = FieldKind::object,
                                              .help = "How what is sent is framed, where that differs from `frame`.",
                                              .example = "{ kind: delimiter, end: '\\r' }",
                                              .fields = kFrameFieldTable};
inline constexpr FieldSpec kPayloadField{.name = "payload",
                                         .kind = FieldKind::object,
                                         .help = "How the values lie in a frame, unless a device says otherwise.",
                                         .example = "{ format: json }",
                                         .fields = kPayloadFieldTable};
inline constexpr FieldSpec kTimeoutField{.name = "timeout",
                                         .kind = FieldKind::duration,
                                         .help = "How long a device may take to answer a request.",
                                         .example = "500ms",
                                         .initial = "1s",
                                         .least = 0.01,
                                         .most = 60};
inline constexpr FieldSpec kIdField{.name = "id",
                                    .kind = FieldKind::object,
                                    .help =
                                        "Where a frame says which device it is from; devices that push are then known by their "
                                        "`id`, else by their `address`, else there is one device only.",
                                    .example = "{ at: /serial }",
                                    .fields = kPlaceFieldTable};
inline constexpr FieldSpec kOfflineAfterField{.name = "offline_after",
                                              .kind = FieldKind::duration,
                                              .help = "A device that pushes and is silent for this long is offline.",
                                              .example = "2min",
                                              .initial = "60s",
                                              .least = 0.1,
                                              .most = 86400};
inline constexpr FieldSpec kHeartbeatField{.name = "heartbeat",
                                           .help = "A frame that says only that the device is there (tagged frames have a type).",
                                           .example = "PING",
                                           .check = check_bytes};
inline constexpr FieldSpec kHeartbeatReplyField{.name = "heartbeat_reply",
                                                .help = "What a heartbeat is answered with; without it, nothing.",
                                                .example = "PONG",
                                                .check = check_template};
inline constexpr FieldSpec kGreetingField{.name = "greeting",
                                          .help =
                                              "What a device that pushes is sent when the channel has connected to it, e.g. to "
                                              "start its stream.",
                                          .example = "'?WATCH={\"enable\":true,\"json\":true}'",
                                          .check = check_bytes};
inline constexpr FieldSpec kAcknowledgeField{.name = "acknowledge",
                                             .help = "What a device that pushes is sent once its data is durable.",
                                             .example = "'ACK {id}'",
                                             .check = check_template};

inline constexpr std::array kDeviceFieldTable{
    FieldSpec{.name = "unit_id",
              .kind = FieldKind::integer,
              .help = "{unit} of its requests; also makes rows of devices.",
              .example = "5",
              .least = 0,
              .most = 1'000'000},
    FieldSpec{.name = "id",
              .help = "What a device that pushes calls itself; {unit_id} is filled in.",
              .example = "\"sensor-{unit_id}\""},
    FieldSpec{.name = "address", .help = "The IP address that a device pushes from.", .example = "192.168.10.31"},
    FieldSpec{.name = "payload",
              .kind = FieldKind::object,
              .help = "As the channel's, for this device.",
              .example = "{ format: regex, pattern: '^S S +(?P<weight>[-0-9.]+) g' }",
              .fields = kPayloadFieldTable},
    FieldSpec{.name = "request",
              .help = "What is sent to read its tags. A channel without any request waits for what its devices push.",
              .example = "'{unit:02}RD'",
              .check = check_template},
    FieldSpec{.name = "timeout",
              .kind = FieldKind::duration,
              .help = "As the channel's, for this device.",
              .example = "2s",
              .least = 0.01,
              .most = 60},
};

inline constexpr std::array kTagFieldTable{
    kAtField,
    kTypeField,
    kOrderField,
    kLengthField,
    FieldSpec{.name = "request", .help = "As the device's, for this tag.", .example = "SI", .check = check_template},
    FieldSpec{
        .name = "set", .help = "What is sent to write it, with {value}.", .example = "'T {value}'", .check = check_template},
    FieldSpec{.name = "confirm",
              .help = "Regular expression of the answer that confirms a write; another answer refuses it. Without it any answer "
                      "confirms.",
              .example = "'^T S'"},
};

// The channel's rule, lines where it is not written. The settings have been checked.
FrameRule frame_of(const ChannelSettings& channel);
FrameRule request_frame_of(const ChannelSettings& channel);
// The device's own payload, else the channel's, else null (text).
const Fields* payload_of(const ChannelSettings& channel, const DeviceSettings& device);
std::string id_of(const DeviceSettings& device);
// Where the channel's `id` stands. It is a text unless it says otherwise: 0042 is not 42, and 12E4 not 120000.
Place id_place(const ChannelSettings& channel);
// The form that addresses are compared in, of those of one device: "::1" for "0:0:0:0:0:0:0:1", "10.0.0.1" for
// "::ffff:10.0.0.1". What is no address stays as it is.
std::string usual_address(const std::string& text);
// The tag's own request, else the device's; empty: none.
std::string request_of(const DeviceSettings& device, const TagSettings& tag);
// True: no tag has a request, so the devices of this channel push.
bool devices_push(const ChannelSettings& channel);
Duration timeout_of(const ChannelSettings& channel, const DeviceSettings& device);

// For DriverType::check: everything but what the link itself asks for.
void check_streams(const ChannelSettings& channel, const Names& names, Complaints& complaints);

}  // namespace ferrule::streams

// A driver type with the fields of the Modbus driver and checks that are simple enough to be foreseen in a test, and a payload
// format. They describe, and never build.
#pragma once

#include <array>
#include <charconv>
#include <string>

#include "sdk/catalogue.h"

namespace ferrule::fakes {

inline Status check_address(std::string_view text) {
  if (text.starts_with("holding:") || text.starts_with("input:") || text.starts_with("coil:")) return {};
  return {Fault::invalid, "'" + std::string(text) + "' is not an address; write it like holding:100"};
}

inline constexpr std::array<FieldSpec, 2> kTcpFields{{
    {.name = "host", .help = "Name or address.", .example = "192.168.10.20", .required = true},
    {.name = "port", .kind = FieldKind::integer, .help = "TCP port.", .initial = "502", .least = 1, .most = 65535},
}};

inline constexpr std::array<std::string_view, 3> kParities{"none", "even", "odd"};

inline constexpr std::array<FieldSpec, 5> kSerialFields{{
    {.name = "port", .help = "Device file.", .example = "/dev/ttyUSB0", .required = true},
    {.name = "baud", .kind = FieldKind::integer, .initial = "19200", .unit = "bit/s", .least = 300, .most = 4'000'000},
    {.name = "parity", .kind = FieldKind::choice, .initial = "even", .words = kParities},
    {.name = "data_bits", .kind = FieldKind::integer, .initial = "8", .least = 7, .most = 8},
    {.name = "stop_bits", .kind = FieldKind::integer, .initial = "1", .least = 1, .most = 2},
}};

inline constexpr std::array<FieldSpec, 3> kChannelFields{{
    {.name = "tcp", .kind = FieldKind::object, .example = "{ host: 192.168.10.20 }", .fields = kTcpFields},
    {.name = "serial", .kind = FieldKind::object, .example = "{ port: /dev/ttyUSB0 }", .fields = kSerialFields},
    {.name = "rtu_over_tcp", .kind = FieldKind::boolean, .initial = "false"},
}};

inline constexpr std::array<std::string_view, 4> kOrders{"ABCD", "CDAB", "BADC", "DCBA"};

inline constexpr std::array<FieldSpec, 3> kDeviceFields{{
    {.name = "unit_id", .kind = FieldKind::integer, .example = "5", .initial = "1", .least = 0, .most = 255},
    {.name = "order", .kind = FieldKind::choice, .initial = "ABCD", .words = kOrders},
    {.name = "timeout", .kind = FieldKind::duration, .initial = "1s", .least = 0.01, .most = 60},
}};

inline constexpr std::array<std::string_view, 6> kTypes{"bool", "int16", "uint16", "int32", "float32", "string"};

inline constexpr std::array<FieldSpec, 4> kTagFields{{
    {.name = "address", .help = "Register.", .example = "holding:100", .required = true, .check = check_address},
    {.name = "type", .kind = FieldKind::choice, .initial = "uint16", .words = kTypes},
    {.name = "order", .kind = FieldKind::choice, .words = kOrders},
    {.name = "length", .kind = FieldKind::integer, .unit = "bytes", .least = 1, .most = 250},
}};

inline void check_channel(const ChannelSettings& channel, const Names&, Complaints& complaints) {
  if (channel.fields.has("tcp") != channel.fields.has("serial")) return;
  complaints.push_back({channel.mark, "a channel needs either tcp or serial"});
}

inline std::string resource(const ChannelSettings& channel) {
  const Fields* serial = channel.fields.object("serial");
  return serial == nullptr ? "" : serial->text("port");
}

// One register each; "holding:65535" has no next one.
inline Status nth(Fields& tag, int64_t n) {
  const std::string address = tag.text("address");
  const size_t colon = address.find(':') + 1;
  int64_t offset = 0;
  std::from_chars(address.data() + colon, address.data() + address.size(), offset);
  if (offset + n > 65535) return {Fault::invalid, "its address would be beyond 65535"};
  tag.set("address", address.substr(0, colon) + std::to_string(offset + n), tag.mark("address"));
  return {};
}

inline Result<std::unique_ptr<Driver>> build(const ChannelSettings&, const ChannelContext&) {
  return {Fault::invalid, "a fake is never built"};
}

inline Duration timeout(const ChannelSettings&, const DeviceSettings& device) { return device.fields.duration("timeout"); }

inline constexpr DriverType kModbus{
    "modbus", "A fake with its fields.", kChannelFields, kDeviceFields, kTagFields, check_channel, build, resource, nth, timeout};
// Another one, without rows or resources, and with a secret.
inline constexpr std::array<FieldSpec, 1> kDtlsFields{{{.name = "key", .kind = FieldKind::secret}}};
inline constexpr std::array<FieldSpec, 2> kCoapChannelFields{{
    {.name = "tcp", .kind = FieldKind::object, .example = "{ host: 192.168.10.20 }", .fields = kTcpFields},
    {.name = "dtls", .kind = FieldKind::object, .example = "{ key: !secret k }", .fields = kDtlsFields},
}};
inline constexpr DriverType kCoap{
    "coap", "A second fake.", kCoapChannelFields, kDeviceFields, kTagFields, check_channel, build, nullptr, nullptr, timeout};

inline constexpr std::array<std::string_view, 2> kIntegerWords{"never", "beyond_2_53"};
inline constexpr std::array<FieldSpec, 1> kJsonFields{{
    {.name = "integers_as_text", .kind = FieldKind::choice, .initial = "never", .words = kIntegerWords},
}};
inline constexpr EncoderType kJson{"json", "A fake.", kJsonFields, nullptr};

inline const Catalogue& catalogue() {
  static constexpr std::array<const DriverType*, 2> kDrivers{&kModbus, &kCoap};
  static constexpr std::array<const EncoderType*, 1> kEncoders{&kJson};
  static const Catalogue kCatalogue{kDrivers, kEncoders};
  return kCatalogue;
}

}  // namespace ferrule::fakes

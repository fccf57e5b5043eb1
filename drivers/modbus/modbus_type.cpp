// The entry that makes `driver: modbus` known.
#include "modbus/check.h"
#include "modbus/fields.h"
#include "modbus/frame_text.h"
#include "modbus/line_time.h"
#include "modbus/modbus_driver.h"
#include "modbus/point.h"
#include "sdk/driver.h"

namespace ferrule {

namespace modbus {

namespace {

std::string occupied(const ChannelSettings& channel) {
  if (const Fields* serial = channel.fields.object("serial")) return serial->text("port");
  const Fields* tcp = channel.fields.object("tcp");
  if (tcp == nullptr) return {};
  return tcp->text("host") + ":" + std::to_string(tcp->has("port") ? tcp->integer("port") : kDefaultPort);
}

size_t room(const ChannelSettings& channel) {
  return channel.fields.has("serial") ? 1 : static_cast<size_t>(channel.fields.integer("connections"));
}

// On a serial line the longest frames of this device take their time on the wire, too.
Duration exchange_time(const ChannelSettings& channel, const DeviceSettings& device) {
  const Duration answer = (device.fields.has("timeout") ? device.fields : channel.fields).duration("timeout");
  const Duration pause = pause_of(channel.fields, device.fields);
  const Fields* serial = channel.fields.object("serial");
  if (serial == nullptr) return answer + pause;
  constexpr int64_t kReadRequest = 8;
  constexpr int64_t kReplyFrame = 5;
  const int64_t registers = limit_of(channel.fields, device.fields, "max_registers");
  return answer + pause + character_time(*serial) * (kReadRequest + kReplyFrame + 2 * registers);
}

}  // namespace

}  // namespace modbus

extern const DriverType k_modbus_driver;
constinit const DriverType k_modbus_driver{
    .name = "modbus",
    .help = "Modbus TCP, Modbus RTU on a serial line, and RTU frames over TCP.",
    .channel_fields = modbus::kChannelFields,
    .device_fields = modbus::kDeviceFields,
    .tag_fields = modbus::kTagFields,
    .check = modbus::check_channel,
    .build = modbus::ModbusDriver::build,
    .resource = modbus::occupied,
    .nth = modbus::nth_tag,
    .timeout = modbus::exchange_time,
    .frame_text = modbus::frame_text,
    .resource_room = modbus::room,
};

}  // namespace ferrule

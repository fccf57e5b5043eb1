// The entry that makes `driver: serial` known: instruments that speak lines or frames on a serial port.
#include "link/stream_fields.h"
#include "sdk/driver.h"
#include "sdk/listener.h"
#include "streams/polled_stream.h"
#include "streams/stream_listener.h"

namespace ferrule {

namespace serial {

namespace {

constexpr std::array kChannelFields{
    FieldSpec{.name = "serial",
              .kind = FieldKind::object,
              .help = "The port and its settings.",
              .example = "{ port: /dev/serial/by-id/usb-FTDI_FT232R-if00-port0, baud: 9600 }",
              .required = true,
              .fields = kSerialFieldTable},
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

std::unique_ptr<Stream> port_of(const ChannelSettings& channel, const Clock& clock, const StopSignal& stop) {
  const Fields* port = channel.fields.object("serial");
  return port == nullptr ? nullptr : make_serial_stream(*port, clock, stop);
}

Result<std::unique_ptr<Driver>> build(const ChannelSettings& channel, const ChannelContext& context) {
  auto port = port_of(channel, context.clock, context.stop);
  if (port == nullptr) return {Fault::invalid, "channel " + channel.name + " has no serial port"};
  return streams::PolledStream::build(channel, context, {std::move(port), false, false});
}

Result<std::unique_ptr<Listener>> build_listener(const ChannelSettings& channel, const ListenerContext& context) {
  auto port = port_of(channel, context.clock, context.stop);
  if (port == nullptr) return {Fault::invalid, "channel " + channel.name + " has no serial port"};
  auto devices = streams::PushDevices::build(channel, context);
  if (!devices) return devices.status();
  return std::unique_ptr<Listener>(
      std::make_unique<streams::StreamListener>(std::move(*devices), std::move(port), streams::Flow::line, context));
}

std::string occupied(const ChannelSettings& channel) {
  const Fields* port = channel.fields.object("serial");
  return port == nullptr ? std::string() : port->text("port");
}

}  // namespace

}  // namespace serial

extern const DriverType k_serial_driver;
constinit const DriverType k_serial_driver{
    .name = "serial",
    .help = "Lines and frames on a serial port: instruments that answer requests, and instruments that send by themselves.",
    .channel_fields = serial::kChannelFields,
    .device_fields = streams::kDeviceFieldTable,
    .tag_fields = streams::kTagFieldTable,
    .check = streams::check_streams,
    .build = serial::build,
    .resource = serial::occupied,
    .timeout = streams::timeout_of,
    .listens = streams::devices_push,
    .build_listener = serial::build_listener,
};

}  // namespace ferrule

// The entry that makes `driver: coap` known.
#include "coap/check.h"
#include "coap/coap_driver.h"
#include "coap/coap_listener.h"
#include "coap/fields.h"
#include "sdk/driver.h"

namespace ferrule {

namespace coap {

namespace {

Duration exchange_time(const ChannelSettings& channel, const DeviceSettings& device) {
  return (device.fields.has("timeout") ? device.fields : channel.fields).duration("timeout");
}

bool listens(const ChannelSettings& channel) { return channel.fields.has("listen"); }

std::string occupied(const ChannelSettings& channel) {
  if (!listens(channel) || listen_port(channel) == 0) return {};
  return "udp port " + std::to_string(listen_port(channel)) + " of " + channel.fields.object("listen")->text("address");
}

}  // namespace

}  // namespace coap

extern const DriverType k_coap_driver;
constinit const DriverType k_coap_driver{
    .name = "coap",
    .help = "CoAP devices over UDP, plain or with DTLS: read, observe, command; and devices that post their readings.",
    .channel_fields = coap::kChannelFields,
    .device_fields = coap::kDeviceFields,
    .tag_fields = coap::kTagFields,
    .check = coap::check_channel,
    .build = coap::CoapDriver::build,
    .resource = coap::occupied,
    .timeout = coap::exchange_time,
    .listens = coap::listens,
    .build_listener = coap::CoapListener::build,
};

}  // namespace ferrule

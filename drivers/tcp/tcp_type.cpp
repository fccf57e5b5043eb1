// The entry that makes `driver: tcp` known: raw TCP and UDP, to devices and from them.
#include "sdk/driver.h"
#include "sdk/listener.h"
#include "streams/polled_stream.h"
#include "streams/stream_listener.h"
#include "tcp/fields.h"
#include "tcp/tcp_listener.h"
#include "tcp/udp_listener.h"

namespace ferrule {

namespace tcp {

namespace {

std::unique_ptr<Stream> stream_to(const Fields& tcp, const Clock& clock, const StopSignal& stop) {
  const Fields* tls = tcp.object("tls");
  return tls == nullptr ? make_tcp_stream(tcp, 0, clock, stop) : make_tls_stream(tcp, *tls, 0, clock, stop);
}

void check(const ChannelSettings& channel, const Names& names, Complaints& complaints) {
  int ways = 0;
  for (const std::string_view way : {"tcp", "udp", "listen"}) ways += channel.fields.has(way) ? 1 : 0;
  if (ways != 1) {
    complaints.push_back({channel.mark, "channel " + channel.name +
                                            ": write one of tcp: { host: 192.168.10.30, port: 4001 }, udp: { ... } and " +
                                            "listen: { port: 9000 }"});
  }
  for (const std::string_view way : {"tcp", "udp"}) {
    const Fields* fields = channel.fields.object(way);
    if (fields != nullptr && !fields->has("port")) {
      complaints.push_back({fields->mark(), std::string(way) + " needs a port: the protocol has none of its own"});
    }
  }
  const Fields* listen = channel.fields.object("listen");
  const auto rule = channel.fields.object("frame") == nullptr ? FrameRule{} : streams::frame_of(channel);
  if (listen != nullptr && listen->text("protocol") == "tcp" && rule.kind == FrameKind::whole) {
    complaints.push_back({channel.fields.mark("frame"), "TCP has no datagrams: a frame of kind whole goes with udp"});
  }
  if (listen != nullptr && channel.fields.has("greeting")) {
    complaints.push_back({channel.fields.mark("greeting"), "a greeting goes with tcp or udp: who connects to us speaks first"});
  }
  if (listen != nullptr && listen->text("protocol") == "udp" && listen->has("tls")) {
    complaints.push_back(
        {listen->mark("tls"), "raw UDP is not encrypted here: leave out tls, or let the devices use TCP or CoAP"});
  }
  streams::check_streams(channel, names, complaints);
}

Result<std::unique_ptr<Driver>> build(const ChannelSettings& channel, const ChannelContext& context) {
  if (const Fields* tcp = channel.fields.object("tcp")) {
    return streams::PolledStream::build(channel, context, {stream_to(*tcp, context.clock, context.stop), true, false});
  }
  const Fields* udp = channel.fields.object("udp");
  if (udp == nullptr) return {Fault::invalid, "channel " + channel.name + " has neither tcp nor udp"};
  return streams::PolledStream::build(channel, context, {make_udp_stream(*udp, context.clock, context.stop), true, true});
}

Result<std::unique_ptr<Listener>> build_listener(const ChannelSettings& channel, const ListenerContext& context) {
  auto devices = streams::PushDevices::build(channel, context);
  if (!devices) return devices.status();
  std::unique_ptr<Listener> listener;
  if (const Fields* listen = channel.fields.object("listen")) {
    if (listen->text("protocol") == "udp") {
      listener = std::make_unique<UdpListener>(*listen, std::move(*devices), context);
    } else {
      listener = std::make_unique<TcpListener>(*listen, std::move(*devices), context);
    }
    return listener;
  }
  const Fields* tcp = channel.fields.object("tcp");
  const Fields* udp = channel.fields.object("udp");
  if (tcp == nullptr && udp == nullptr) return {Fault::invalid, "channel " + channel.name + " has no way to its devices"};
  auto stream =
      tcp != nullptr ? stream_to(*tcp, context.clock, context.stop) : make_udp_stream(*udp, context.clock, context.stop);
  const auto flow = tcp != nullptr ? streams::Flow::connection : streams::Flow::datagrams;
  listener = std::make_unique<streams::StreamListener>(std::move(*devices), std::move(stream), flow, context);
  return listener;
}

std::string occupied(const ChannelSettings& channel) {
  const Fields* listen = channel.fields.object("listen");
  if (listen == nullptr || listen->integer("port") == 0) return {};
  return listen->text("protocol") + " port " + std::to_string(listen->integer("port")) + " of " + listen->text("address");
}

}  // namespace

}  // namespace tcp

extern const DriverType k_tcp_driver;
constinit const DriverType k_tcp_driver{
    .name = "tcp",
    .help = "Lines and frames over TCP and UDP: devices that answer requests, and devices that connect or send by themselves.",
    .channel_fields = tcp::kChannelFields,
    .device_fields = streams::kDeviceFieldTable,
    .tag_fields = streams::kTagFieldTable,
    .check = tcp::check,
    .build = tcp::build,
    .resource = tcp::occupied,
    .timeout = streams::timeout_of,
    .listens = streams::devices_push,
    .build_listener = tcp::build_listener,
};

}  // namespace ferrule

#include "coap/coap_driver.h"

#include "coap/read_plan.h"
#include "coap/session_settings.h"

namespace ferrule::coap {

namespace {

// How soon a notification is taken from the socket, acknowledged and on its way, while nothing else is asked.
constexpr Duration kAttendEvery = std::chrono::milliseconds(50);

}  // namespace

CoapDriver::CoapDriver(const ChannelSettings& channel, const ChannelContext& context)
    : channel_(channel), context_(context), turner_(context.clock, context.stop) {}

Result<std::unique_ptr<Driver>> CoapDriver::build(const ChannelSettings& channel, const ChannelContext& context) {
  std::unique_ptr<CoapDriver> driver(new CoapDriver(channel, context));
  for (const DeviceSettings& device : channel.devices) {
    if (Status status = driver->add(device); !status) return status;
  }
  return std::unique_ptr<Driver>(std::move(driver));
}

Status CoapDriver::add(const DeviceSettings& device) {
  if (!device.fields.has("host")) return {Fault::invalid, std::string(context_.names.name(device.id)) + " has no host"};
  auto& end = ends_[device.id];
  end = std::make_unique<DeviceEnd>(session_settings(channel_.fields, device.fields), context_, turner_);
  for (const TagSettings& tag : device.tags) {
    auto point = point_of(device.fields, tag.fields);
    if (!point) return point.status();
    if (tag.writable) targets_.emplace(tag.id, Target{end.get(), std::move(*point), device.fields.boolean("confirmable")});
  }
  return {};
}

Result<Requests> CoapDriver::plan(const DeviceSettings& device, std::span<const TagSettings* const> tags) const {
  return plan_reads(device, tags);
}

// There is no connection to make: a session is opened by the first question to its device, so that a device without an address
// holds up nobody.
Status CoapDriver::connect(Deadline) { return turner_.open(); }

void CoapDriver::disconnect() noexcept {
  for (auto& [id, end] : ends_) end->close();
  turner_.close();
}

Exchange CoapDriver::read(const Request& request, SampleSink& sink, Deadline deadline) {
  if (!turner_.is_open()) return {Status(Fault::disconnected, "the channel is closed")};
  const auto& body = static_cast<const ReadBody&>(*request.body);
  DeviceEnd& end = *ends_.at(request.device);
  Answer answer;
  if (body.observe) {
    Watch& watch = end.watch(body.key);
    turner_.turn();
    watch.tags = request.tags;
    if (end.current(watch)) {
      watch.news = false;
      answer_tags(body, watch.newest, context_.clock.wall() - (context_.clock.now() - watch.received_at), sink);
      return {};
    }
    answer = end.ask_watched(body.question(), watch, deadline);
  } else {
    answer = end.ask(body.question(), deadline);
  }
  Exchange exchange{answer.status, answer.bytes_out, answer.bytes_in, answer.on_wire};
  if (answer.status.ok()) {
    answer_tags(body, answer.message, context_.clock.wall(), sink);
  } else {
    exchange.status = {answer.status.fault(), answer.status.detail(), request.text + ": " + answer.status.what()};
  }
  return exchange;
}

Attention CoapDriver::attend(MonoTime now) {
  Attention attention;
  if (!turner_.is_open()) return attention;
  bool watching = false;
  for (const auto& [id, end] : ends_) watching = watching || end->watching();
  if (!watching) return attention;
  turner_.turn();
  for (const auto& [id, end] : ends_) end->append_news(attention.news);
  attention.again = now + kAttendEvery;
  return attention;
}

WriteOutcome CoapDriver::write(const Command& command, Deadline deadline) {
  const auto found = targets_.find(command.tag);
  if (found == targets_.end()) {
    return {CommandResult::refused, Status(Fault::invalid, context_.names.full_name(command.tag) + " is not writable")};
  }
  if (context_.clock.now() >= command.expires) return {CommandResult::expired, Status(Fault::timeout, "the command is too old")};
  if (!turner_.is_open()) return {CommandResult::failed, Status(Fault::disconnected, "the channel is closed")};
  const Target& target = found->second;
  const auto written = write_payload(target.point.place, command.value);
  if (!written) return {CommandResult::refused, written.status()};

  const Outgoing question{.code = target.point.method == Method::post ? RequestCode::post : RequestCode::put,
                          .confirmable = target.confirmable,
                          .resource = &target.point.resource,
                          .content_format = written->format,
                          .payload = written->bytes};
  const Answer answer = target.end->ask(question, deadline);
  if (!answer.status.ok()) return {answer.sent ? CommandResult::unknown : CommandResult::failed, answer.status};
  if (is_success(answer.message.code)) return {CommandResult::done, {}};
  return {CommandResult::refused, Status(Fault::refused, decimal(answer.message.code), code_text(answer.message.code))};
}

ProbeAnswer CoapDriver::probe(const ProbeQuestion& question, Deadline deadline) {
  ProbeAnswer probed;
  const auto resource = parse_resource(question.address);
  if (!resource || question.unit < 1 || question.unit > static_cast<int64_t>(channel_.devices.size())) {
    probed.status = resource ? Status(Fault::invalid, "the channel has no such device") : resource.status();
    return probed;
  }
  DeviceEnd& end = *ends_.at(channel_.devices[static_cast<size_t>(question.unit - 1)].id);
  Answer answer = end.ask({.resource = &*resource}, deadline);
  probed.status = answer.status;
  probed.took = answer.on_wire;
  if (answer.status.ok() && !is_success(answer.message.code)) {
    probed.refused = decimal(answer.message.code);
    probed.refusal = code_text(answer.message.code);
  }
  probed.bytes.assign(answer.message.payload.begin(), answer.message.payload.end());
  return probed;
}

}  // namespace ferrule::coap

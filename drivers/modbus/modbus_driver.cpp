#include "modbus/modbus_driver.h"

#include <algorithm>

#include "modbus/exception.h"
#include "modbus/fields.h"
#include "modbus/read_plan.h"
#include "modbus/wire_format.h"
#include "modbus/write_request.h"

namespace ferrule::modbus {

namespace {

// Above 19,200 baud the silence between frames is fixed, as the standard has it.
constexpr Duration kShortestSilence = std::chrono::microseconds(1750);
// USB adapters deliver in lumps up to 16 ms apart, networks in lumps further apart: after an error a shorter silence proves
// nothing.
constexpr Duration kSerialErrorSilence = std::chrono::milliseconds(20);
constexpr Duration kTcpErrorSilence = std::chrono::milliseconds(50);

RtuTiming serial_timing(const Fields& serial, Duration pause) {
  const Duration silence = std::max(character_time(serial) * 7 / 2, kShortestSilence);
  return {.silence = silence, .error_silence = std::max(silence, kSerialErrorSilence), .pause = pause, .may_echo = true};
}

std::unique_ptr<Line> make_line(const Fields& fields, const ChannelContext& context) {
  const Duration pause = fields.duration("pause");
  if (const Fields* serial = fields.object("serial")) {
    return make_rtu_line(make_serial_stream(*serial, context.clock, context.stop), serial_timing(*serial, pause), context);
  }
  const Fields* tcp = fields.object("tcp");
  auto stream = make_tcp_stream(*tcp, kDefaultPort, context.clock, context.stop);
  if (!fields.boolean("rtu_over_tcp")) return make_tcp_line(std::move(stream), pause, context);
  return make_rtu_line(std::move(stream), {.silence = {}, .error_silence = kTcpErrorSilence, .pause = pause, .may_echo = false},
                       context);
}

Status with_request(const Status& status, const std::string& request) {
  return {status.fault(), status.detail(), request + ": " + status.what()};
}

}  // namespace

ModbusDriver::ModbusDriver(const ChannelSettings& channel, const ChannelContext& context)
    : channel_(channel), context_(context), line_(make_line(channel.fields, context_)) {}

Result<std::unique_ptr<Driver>> ModbusDriver::build(const ChannelSettings& channel, const ChannelContext& context) {
  if (!channel.fields.has("tcp") && !channel.fields.has("serial")) {
    return Status(Fault::invalid, "channel " + channel.name + " has neither tcp nor serial");
  }
  // Early, while low descriptors are free; connect() tries again and reports.
  (void)reserve_bench().ok();
  std::unique_ptr<ModbusDriver> driver(new ModbusDriver(channel, context));
  for (const DeviceSettings& device : channel.devices) {
    for (const TagSettings& tag : device.tags) {
      const auto point = point_of(device.fields, tag.fields);
      if (!point.ok()) return point.status();
      if (tag.writable) driver->targets_.emplace(tag.id, Target{unit_of(device.fields), *point});
    }
  }
  return std::unique_ptr<Driver>(std::move(driver));
}

Result<Requests> ModbusDriver::plan(const DeviceSettings& device, std::span<const TagSettings* const> tags) const {
  const ReadLimits limits{.registers = limit_of(channel_.fields, device.fields, "max_registers"),
                          .bits = limit_of(channel_.fields, device.fields, "max_bits"),
                          .max_gap = static_cast<uint32_t>(device.fields.integer("max_gap"))};
  return plan_reads(device, tags, limits);
}

Exchange ModbusDriver::read(const Request& request, SampleSink& sink, Deadline deadline) {
  const auto& body = static_cast<const ReadBody&>(*request.body);
  if (body.models) return read_model(request, sink, deadline);
  return answered(request, line_->ask(body.question, body.pdu, deadline), sink);
}

Exchange ModbusDriver::answered(const Request& request, const Answer& answer, SampleSink& sink) const {
  Exchange exchange{answer.status, answer.bytes_out, answer.bytes_in, answer.on_wire};
  if (!answer.status.ok()) {
    exchange.status = with_request(answer.status, request.text);
    // Bytes came that were no answer: that, and not the closing of the link that followed, is what the tags suffer from.
    if (answer.link_answers) {
      for (const TagId tag : request.tags) sink.bad(tag, Reason::bad_reply);
    }
  } else if (answer.exception != 0) {
    for (const TagId tag : request.tags) sink.bad(tag, Reason::device_refused, answer.exception);
    // A gateway that speaks for a silent unit: the unit has not answered, and is to be treated like one.
    if (answer.exception == kGatewayPath || answer.exception == kGatewayNoAnswer) {
      exchange.status = {Fault::timeout, answer.exception, request.text + ": " + exception_text(answer.exception)};
    }
  } else {
    decode_reply(static_cast<const ReadBody&>(*request.body), answer.data, sink);
  }
  return exchange;
}

WriteOutcome ModbusDriver::write(const Command& command, Deadline deadline) {
  const auto target = targets_.find(command.tag);
  if (target == targets_.end()) {
    return {CommandResult::refused, Status(Fault::invalid, context_.names.full_name(command.tag) + " is not writable")};
  }
  if (context_.clock.now() >= command.expires) return {CommandResult::expired, Status(Fault::timeout, "the command is too old")};
  const auto request = write_request(target->second.unit, target->second.point, command.value);
  if (!request.ok()) return {CommandResult::refused, request.status()};

  const Answer answer = line_->ask(request->question, request->pdu(), deadline);
  if (!answer.status.ok()) return {answer.sent ? CommandResult::unknown : CommandResult::failed, answer.status};
  if (answer.exception == 0) return {CommandResult::done, {}};
  const std::string text = "unit " + std::to_string(target->second.unit) + ": " + exception_text(answer.exception);
  const bool may_have_happened = answer.exception == kAcknowledge || answer.exception == kGatewayNoAnswer;
  return {may_have_happened ? CommandResult::unknown : CommandResult::refused, Status(Fault::refused, answer.exception, text)};
}

}  // namespace ferrule::modbus

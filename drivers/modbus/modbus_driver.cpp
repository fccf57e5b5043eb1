#include "modbus/modbus_driver.h"

#include <algorithm>

#include "modbus/exception.h"
#include "modbus/fields.h"
#include "modbus/read_plan.h"
#include "modbus/wire_format.h"

namespace ferrule::modbus {

namespace {

// USB adapters deliver in lumps up to 16 ms apart, networks in lumps further apart: after an error a shorter silence proves
// nothing.
constexpr Duration kSerialErrorSilence = std::chrono::milliseconds(20);
constexpr Duration kTcpErrorSilence = std::chrono::milliseconds(50);
// After so many requests in a row without a byte, a TCP connection is made anew.
constexpr int kSilentMost = 3;

Pauses pauses_of(const ChannelSettings& channel) {
  Pauses pauses(channel.fields.duration("pause"));
  for (const DeviceSettings& device : channel.devices) {
    pauses.set(unit_of(device.fields), pause_of(channel.fields, device.fields));
  }
  return pauses;
}

// A unit that nobody said more about is taken to answer within twice the time that it is waited for.
LateWindows late_windows(const ChannelSettings& channel) {
  LateWindows windows(2 * channel.fields.duration("timeout"));
  for (const DeviceSettings& device : channel.devices) {
    const bool fixed = device.fields.has("late_window");
    const Duration twice = 2 * (device.fields.has("timeout") ? device.fields : channel.fields).duration("timeout");
    windows.set(unit_of(device.fields), fixed ? device.fields.duration("late_window") : twice, fixed);
  }
  return windows;
}

std::unique_ptr<Line> make_line(const ChannelSettings& channel, const ChannelContext& context) {
  const Fields& fields = channel.fields;
  RtuTiming timing{.error_silence = kTcpErrorSilence, .pauses = pauses_of(channel), .late = late_windows(channel)};
  if (const Fields* serial = fields.object("serial")) {
    timing.silence = frame_silence(*serial);
    timing.character = character_time(*serial);
    timing.error_silence = std::max(timing.silence, kSerialErrorSilence);
    timing.may_echo = true;
    return make_rtu_line(make_serial_stream(*serial, context.clock, context.stop), timing, context);
  }
  const Fields* tcp = fields.object("tcp");
  auto stream = make_tcp_stream(*tcp, kDefaultPort, context.clock, context.stop);
  if (!fields.boolean("rtu_over_tcp")) return make_tcp_line(std::move(stream), timing.pauses, context);
  return make_rtu_line(std::move(stream), timing, context);
}

void say_refused(const ReadBody& body, SampleSink& sink) {
  for (const RefusedTag& one : body.refused) {
    sink.bad(one.piece.cut.tag, one.code == 0 ? Reason::timeout : Reason::device_refused, one.code);
  }
}

Status with_request(const Status& status, const std::string& request) {
  return {status.fault(), status.detail(), request + ": " + status.what()};
}

}  // namespace

ModbusDriver::ModbusDriver(const ChannelSettings& channel, const ChannelContext& context)
    : channel_(channel), context_(context), line_(make_line(channel, context_)), refusals_(context.clock, context.learnt) {}

Result<std::unique_ptr<Driver>> ModbusDriver::build(const ChannelSettings& channel, const ChannelContext& context) {
  if (!channel.fields.has("tcp") && !channel.fields.has("serial")) {
    return Status(Fault::invalid, "channel " + channel.name + " has neither tcp nor serial");
  }
  // Early, while low descriptors are free; connect() tries again and reports.
  (void)reserve_bench().ok();
  std::unique_ptr<ModbusDriver> driver(new ModbusDriver(channel, context));
  for (const DeviceSettings& device : channel.devices) {
    auto& never = driver->never_read_[unit_of(device.fields)];
    std::ranges::copy(never_read(device.fields), std::back_inserter(never));
    if (never.empty()) driver->never_read_.erase(unit_of(device.fields));
    for (const TagSettings& tag : device.tags) {
      const auto point = point_of(device.fields, tag.fields);
      if (!point.ok()) return point.status();
      if (tag.writable) driver->targets_.emplace(tag.id, target_of(device.fields, tag.fields, *point));
    }
  }
  return std::unique_ptr<Driver>(std::move(driver));
}

Result<Requests> ModbusDriver::plan(const DeviceSettings& device, std::span<const TagSettings* const> tags) const {
  std::vector<Wanted> wanted;
  wanted.reserve(tags.size());
  for (const TagSettings* tag : tags) {
    const auto point = point_of(device.fields, tag->fields);
    if (!point.ok()) return point.status();
    auto one = wanted_of(tag->id, *point);
    if (!one.ok()) return one.status();
    wanted.push_back(*one);
  }
  return plan(device, wanted);
}

Result<Requests> ModbusDriver::replan(const DeviceSettings& device, std::span<const TagId> tags) const {
  std::vector<TagId> rising(tags.begin(), tags.end());
  std::ranges::sort(rising);
  std::vector<Wanted> wanted;
  for (const auto& planned : planned_[device.id]) {
    if (const auto body = planned.lock()) add_wanted(*body, rising, wanted);
  }
  // A tag is in the requests of its own group and in those of groups that are due together.
  const auto tag_of = [](const Wanted& one) { return one.piece.cut.tag; };
  std::ranges::stable_sort(wanted, {}, tag_of);
  const auto same_tag = [&](const Wanted& a, const Wanted& b) { return tag_of(a) == tag_of(b); };
  wanted.erase(std::unique(wanted.begin(), wanted.end(), same_tag), wanted.end());
  if (wanted.size() != rising.size()) return Status(Fault::invalid, "tags that were never planned cannot be planned anew");
  return plan(device, wanted);
}

Result<Requests> ModbusDriver::plan(const DeviceSettings& device, std::span<const Wanted> wanted) const {
  auto requests = plan_reads(device, wanted, read_limits(channel_.fields, device.fields), refusals_);
  if (!requests.ok()) return requests;
  auto& planned = planned_[device.id];
  std::erase_if(planned, [](const auto& body) { return body.expired(); });
  for (const Request& request : *requests) planned.push_back(std::static_pointer_cast<const ReadBody>(request.body));
  return requests;
}

Exchange ModbusDriver::read(const Request& request, SampleSink& sink, Deadline deadline) {
  const auto& body = static_cast<const ReadBody&>(*request.body);
  if (body.models) return read_model(request, sink, deadline);
  if (refusals_.set_aside(request)) return set_aside(request, sink);
  return answered(request, ask(body.question, body.pdu, deadline), sink);
}

Answer ModbusDriver::ask(const Question& question, std::span<const uint8_t> pdu, Deadline deadline, MonoTime send_by) {
  if (silent_ >= kSilentMost && channel_.fields.has("tcp")) {
    silent_ = 0;
    disconnect();
    Answer given_up;
    given_up.status = {Fault::disconnected,
                       "nothing came after the last " + std::to_string(kSilentMost) + " requests; connecting again"};
    return given_up;
  }
  Answer answer = line_->ask(question, pdu, deadline, send_by);
  if (answer.sent) silent_ = answer.status.fault() == Fault::timeout && answer.bytes_in == 0 ? silent_ + 1 : 0;
  return answer;
}

Exchange ModbusDriver::answered(const Request& request, const Answer& answer, SampleSink& sink) {
  const auto& body = static_cast<const ReadBody&>(*request.body);
  Exchange exchange{
      .status = answer.status, .bytes_out = answer.bytes_out, .bytes_in = answer.bytes_in, .on_wire = answer.on_wire};
  if (answer.status.ok() && answer.exception == 0) {
    decode_reply(body, answer.data, sink);
    exchange.replan = refusals_.answered(request).replan;
  } else if (answer.status.ok()) {
    refused(request, answer, sink, exchange);
  } else {
    exchange.status = with_request(answer.status, request.text);
    // Bytes came that were no answer: that, and not the closing of the link that followed, is what the tags suffer from.
    if (answer.link_answers) {
      for (const Cut cut : body.cuts) sink.bad(cut.tag, Reason::bad_reply);
    } else if (answer.status.fault() == Fault::timeout && answer.sent && answer.strays == 0) {
      silent(request, sink, exchange);
    }
  }
  if (!exchange.instead.empty()) return exchange;
  say_refused(body, sink);
  return exchange;
}

// As a request that is held off: nothing was asked, so it is nobody's silence.
Exchange ModbusDriver::set_aside(const Request& request, SampleSink& sink) const {
  const auto& body = static_cast<const ReadBody&>(*request.body);
  for (const Cut cut : body.cuts) sink.bad(cut.tag, Reason::timeout);
  say_refused(body, sink);
  Exchange exchange;
  exchange.status = Status(Fault::timeout, request.text + ": the unit answers others, so this one is asked for seldom");
  return exchange;
}

void ModbusDriver::refused(const Request& request, const Answer& answer, SampleSink& sink, Exchange& exchange) {
  Refusals::Lesson lesson = refusals_.refused(request, answer.exception);
  exchange.replan = lesson.replan;
  exchange.instead = std::move(lesson.instead);
  // A gateway that speaks for a silent unit: the unit has not answered, and is to be treated like one.
  if (speaks_for_silent_unit(answer.exception)) {
    const Fault fault = lesson.unit_lives ? Fault::bad_reply : Fault::timeout;
    exchange.status = {fault, answer.exception, request.text + ": " + exception_text(answer.exception)};
  }
  if (!exchange.instead.empty()) return;
  const auto& body = static_cast<const ReadBody&>(*request.body);
  for (const Cut cut : body.cuts) sink.bad(cut.tag, Reason::device_refused, answer.exception);
}

void ModbusDriver::silent(const Request& request, SampleSink& sink, Exchange& exchange) {
  Refusals::Lesson lesson = refusals_.silent(request);
  exchange.replan = lesson.replan;
  exchange.instead = std::move(lesson.instead);
  if (!lesson.unit_lives) return;
  // Not the unit's silence: its poll goes on with the other parts.
  exchange.status = {Fault::bad_reply, exchange.status.what()};
  if (!exchange.instead.empty()) return;
  for (const Cut cut : static_cast<const ReadBody&>(*request.body).cuts) sink.bad(cut.tag, Reason::timeout);
}

MonoTime ModbusDriver::free_at(const Request& request, MonoTime now) const {
  return line_->free_at(static_cast<const ReadBody&>(*request.body).question, now);
}

}  // namespace ferrule::modbus

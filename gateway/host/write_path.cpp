#include "host/write_path.h"

#include <algorithm>
#include <atomic>

#include "core/nearest.h"
#include "host/tag_class.h"

namespace ferrule {

namespace {

Result<Value> number_of_label(const TagSettings& tag, std::string_view label) {
  std::vector<std::string_view> known;
  for (const EnumLabel& entry : tag.labels) {
    if (entry.label == label) return Value(entry.number);
    known.push_back(entry.label);
  }
  std::string list;
  for (const std::string_view name : known) list += (list.empty() ? "" : ", ") + std::string(name);
  return {Fault::invalid, "'" + std::string(label) + "' is not one of: " + list};
}

std::string limits_text(const Range& range) { return to_text(Value(range.min)) + " to " + to_text(Value(range.max)); }

Value without_scale(const TagSettings& tag, const Value& wanted, double number) {
  if (tag.scale == 1 && tag.offset == 0) return wanted;
  return Value((number - tag.offset) / tag.scale);
}

// Gateway-made ids: unique within this process and, with the boot number, across them.
std::string next_command_id(uint64_t boot) {
  static std::atomic<uint64_t> count{0};
  return "w" + std::to_string(boot) + "-" + std::to_string(count.fetch_add(1) + 1);
}

std::string reason_text(const WriteOutcome& outcome) {
  if (outcome.result == CommandResult::unknown)
    return "it was sent but not confirmed, it may have happened: " + outcome.status.what();
  return outcome.status.what();
}

void tell_uplinks(Gateway& gateway, TagId tag, const Value& value, const WriteReply& reply) {
  const GatewayContext& context = gateway.context();
  gateway.bus().announce({context.names.device_of(tag), context.clock.now(), context.clock.wall(),
                          Outcome{reply.id, tag, reply.result, value, reply.reason}});
  log(LogLevel::debug, "command " + reply.id + ": " + context.names.full_name(tag) + " = " + to_text(value) + ": " +
                           std::string(to_text(reply.result)));
}

}  // namespace

Result<Value> raw_value(const TagSettings& tag, const Value& wanted) {
  Value value = wanted;
  if (wanted.is_text() && !tag.labels.empty()) {
    auto number = number_of_label(tag, wanted.as_text());
    if (!number) return number.status();
    return number;
  }
  const ValueClass wants = class_of(tag);
  if (wants == ValueClass::number && !value.is_number()) return {Fault::invalid, "'" + to_text(value) + "' is not a number"};
  if (wants == ValueClass::text && tag.labels.empty() && !value.is_text())
    return {Fault::invalid, to_text(value) + " is not a text"};
  const auto number = value.number();
  if (!number) return value;  // text of a string tag: the driver checks its length
  if (value.kind() != Value::Kind::boolean && !tag.write.contains(*number)) {
    return {Fault::invalid, to_text(value) + " is outside the allowed range " + limits_text(tag.write)};
  }
  if (value.kind() == Value::Kind::boolean) return value;
  return without_scale(tag, value, *number);
}

Status write_tag(Gateway& gateway, const WriteRequest& request, std::function<void(WriteReply)> done) {
  const GatewayContext& context = gateway.context();
  const Gateway::Parts parts = gateway.parts();
  const auto tag = context.names.find_tag(request.tag);
  const TagIndex::Entry entry = tag ? (*parts.tags)[*tag] : TagIndex::Entry{};
  if (!entry.configured) {
    return {Fault::not_found, "no tag '" + request.tag + "'" + parts.tags->nearest_tag(request.tag, context.names)};
  }
  if (entry.settings == nullptr || !entry.settings->writable) {
    return {Fault::invalid,
            "'" + request.tag + "' is read-only; give it `write: { min: ..., max: ... }` in the configuration to allow commands"};
  }
  auto raw = raw_value(*entry.settings, request.value);
  if (!raw) return {Fault::invalid, request.tag + ": " + raw.status().what()};
  const auto channel = std::find_if(parts.channels.begin(), parts.channels.end(),
                                    [&](const auto& candidate) { return candidate->settings.name == entry.channel->name; });
  if (channel == parts.channels.end()) return {Fault::not_found, "the channel of '" + request.tag + "' is not running"};

  if (!request.id.empty()) {
    const auto first = gateway.commands().begin(request, done, context.clock.now());
    if (!first.ok()) return first.status();
    if (!*first) return {};
  }
  Command command;
  command.id = request.id.empty() ? next_command_id(gateway.outbox().boot()) : request.id;
  command.tag = *tag;
  command.value = std::move(*raw);
  command.expires = context.clock.now() + request.expires_in;
  const std::string id = command.id;
  (*channel)->runner->write(
      std::move(command), [&gateway, id, tag = *tag, value = request.value, done = std::move(done)](const WriteOutcome& outcome) {
        WriteReply reply{id, outcome.result, outcome.result == CommandResult::done ? std::string() : reason_text(outcome)};
        reply.waited = outcome.waited;
        tell_uplinks(gateway, tag, value, reply);
        gateway.commands().end(reply, gateway.context().clock.now());
        done(reply);
      });
  return {};
}

}  // namespace ferrule

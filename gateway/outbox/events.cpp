#include "outbox/events.h"

#include "outbox/columns.h"

namespace ferrule::outbox {

namespace {

WallTime read_wall(ByteReader& in) { return WallTime(Duration(in.signed_varint())); }

void put_wall(std::string& out, WallTime at) { put_signed(out, at.time_since_epoch().count()); }

template <class Enum>
Enum read_enum(ByteReader& in, Enum last) {
  return static_cast<Enum>(in.count(static_cast<uint64_t>(last)));
}

void put(std::string& out, const Alarm& alarm, Dictionary&) {
  put_text(out, alarm.rule);
  out += static_cast<char>(alarm.raised ? 1 : 0);
  put_text(out, alarm.severity);
  put_text(out, alarm.text);
  put_varint(out, alarm.values.size());
  for (const NamedValue& named : alarm.values) {
    put_text(out, named.name);
    put_value(out, named.value);
  }
}

void put(std::string& out, const Loss& loss, Dictionary&) {
  put_text(out, loss.uplink);
  put_wall(out, loss.from);
  put_wall(out, loss.to);
  put_varint(out, loss.samples);
  put_text(out, loss.why);
}

void put(std::string& out, const Outcome& outcome, Dictionary& dictionary) {
  put_text(out, outcome.command_id);
  put_varint(out, dictionary.stored(outcome.tag));
  out += static_cast<char>(outcome.result);
  put_value(out, outcome.value);
  put_text(out, outcome.reason);
}

void put(std::string& out, const DeviceState& state, Dictionary&) {
  out += static_cast<char>(state.online ? 1 : 0);
  out += static_cast<char>(state.reason);
  put_text(out, state.text);
}

void put(std::string&, const Samples&, Dictionary&) {}  // in columns, not here

Alarm read_alarm(ByteReader& in) {
  Alarm alarm;
  alarm.rule = in.text();
  alarm.raised = in.count(1) == 1;
  alarm.severity = in.text();
  alarm.text = in.text();
  for (uint64_t left = in.count(in.left()); left > 0 && in.ok(); --left) {
    std::string name(in.text());
    alarm.values.push_back({std::move(name), read_value(in)});
  }
  return alarm;
}

Loss read_loss(ByteReader& in) {
  Loss loss;
  loss.uplink = in.text();
  loss.from = read_wall(in);
  loss.to = read_wall(in);
  loss.samples = in.varint();
  loss.why = in.text();
  return loss;
}

Outcome read_outcome(ByteReader& in, const Dictionary& dictionary) {
  Outcome outcome;
  outcome.command_id = in.text();
  const auto tag = dictionary.tag(static_cast<uint32_t>(in.count(UINT32_MAX)));
  if (!tag) in.fail();
  outcome.tag = tag.value_or(TagId::none);
  outcome.result = read_enum(in, CommandResult::unknown);
  outcome.value = read_value(in);
  outcome.reason = in.text();
  return outcome;
}

DeviceState read_state(ByteReader& in) {
  DeviceState state;
  state.online = in.count(1) == 1;
  state.reason = static_cast<Reason>(in.byte());
  state.text = in.text();
  return state;
}

}  // namespace

void put_value(std::string& out, const Value& value) {
  out += static_cast<char>(value.kind());
  if (value.kind() >= Value::Kind::text) {
    put_text(out, value.as_text());
  } else if (!value.empty()) {
    put_varint(out, bits_of(value));
  }
}

Value read_value(ByteReader& in) {
  const auto kind = read_enum(in, Value::Kind::bytes);
  if (kind == Value::Kind::none) return {};
  if (kind == Value::Kind::text) return Value::text(in.text());
  if (kind == Value::Kind::bytes) return Value::bytes(in.text());
  return value_of(kind, in.varint());
}

void put_event(std::string& out, const Body& body, Dictionary& dictionary) {
  std::visit([&](const auto& event) { put(out, event, dictionary); }, body);
}

Body read_event(ByteReader& in, BodyKind kind, const Dictionary& dictionary) {
  switch (kind) {
    case BodyKind::alarm: return read_alarm(in);
    case BodyKind::loss: return read_loss(in);
    case BodyKind::outcome: return read_outcome(in, dictionary);
    case BodyKind::device_state: return read_state(in);
    case BodyKind::samples: break;
  }
  in.fail();
  return Samples{};
}

}  // namespace ferrule::outbox

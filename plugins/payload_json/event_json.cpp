#include "payload_json/event_json.h"

#include "core/json_text.h"

namespace ferrule {

namespace {

// Appends the members of one kind of event to an object that has been begun.
struct Body {
  std::string& out;
  json::Object& object;
  const Names& names;

  void operator()(const Samples&) const {}

  void operator()(const Alarm& alarm) const {
    object.text("event", "alarm");
    object.text("id", alarm.rule);
    object.text("state", alarm.raised ? "raised" : "cleared");
    object.text("severity", alarm.severity);
    object.text("text", alarm.text);
    object.key("values");
    json::Object values(out);
    for (const NamedValue& value : alarm.values) values.value(value.name, value.value);
    values.close();
  }

  void operator()(const Loss& loss) const {
    object.text("event", "loss");
    object.text("uplink", loss.uplink);
    object.number("from", unix_ms(loss.from));
    object.number("to", unix_ms(loss.to));
    object.number("samples", loss.samples);
    object.text("why", loss.why);
  }

  void operator()(const Outcome& outcome) const {
    object.text("event", "command");
    object.text("id", outcome.command_id);
    if (outcome.tag != TagId::none) object.text("tag", names.full_name(outcome.tag));
    object.text("result", to_text(outcome.result));
    if (!outcome.value.empty()) object.value("value", outcome.value);
    if (!outcome.reason.empty()) object.text("reason", outcome.reason);
  }

  void operator()(const DeviceState& state) const {
    object.text("event", "device");
    object.text("state", state.online ? "online" : "offline");
    if (state.reason != Reason::none) object.text("reason", to_text(state.reason));
    if (!state.text.empty()) object.text("text", state.text);
  }
};

}  // namespace

void append_event(std::string& out, const std::string& gateway, const Names& names, const EncoderInput& input) {
  const Record& record = *input.record;
  json::Object object(out);
  object.text("gateway", gateway);
  if (record.device != DeviceId::none) object.text("device", names.name(record.device));
  object.number("boot", input.boot);
  object.number("seq", input.seq);
  object.number("timestamp", unix_ms(input.timestamp()));
  std::visit(Body{out, object, names}, record.body);
  if (input.historical) object.boolean("historical", true);
  if (input.clock_unknown()) object.text("clock", "unknown");
  object.close();
}

}  // namespace ferrule

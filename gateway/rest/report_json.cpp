#include "rest/report_json.h"

#include "core/json_text.h"

namespace ferrule {

namespace {

using json::Object;

double seconds(Duration duration) { return std::chrono::duration<double>(duration).count(); }

void add_unless_empty(Object& object, std::string_view name, std::string_view text) {
  if (!text.empty()) object.text(name, text);
}

void add_time(Object& object, std::string_view name, const std::optional<WallTime>& at) {
  if (at) object.number(name, unix_ms(*at));
}

void append_texts(std::string& out, const std::vector<std::string>& texts) {
  json::Array array(out);
  for (const std::string& text : texts) array.next(), json::append_quoted(out, text);
  array.close();
}

}  // namespace

void append_gateway(std::string& out, const GatewayReport& report) {
  Object object(out);
  object.text("id", report.id);
  object.text("version", report.version);
  object.number("boot", report.boot);
  object.number("started", unix_ms(report.started));
  object.number("uptime", seconds(report.uptime));
  object.text("config_file", report.config_file);
  add_unless_empty(object, "config_trouble", report.config_trouble);
  object.number("tags", report.tags);
  object.close();
}

void append_problems(std::string& out, const GatewayReport& report) {
  Object object(out);
  object.boolean("healthy", report.problems.empty());
  object.key("problems");
  append_texts(out, report.problems);
  object.close();
}

void append_channel(std::string& out, const ChannelReport& report, bool with_plan) {
  Object object(out);
  object.text("name", report.name);
  object.text("driver", report.driver);
  object.text("state", report.state);
  add_unless_empty(object, "trouble", report.trouble);
  object.number("devices", report.devices);
  object.number("tags", report.tags);
  object.number("requests", report.requests);
  object.number("answered", report.answered);
  object.number("timeouts", report.timeouts);
  object.number("refused", report.refused);
  object.number("bad_replies", report.bad_replies);
  object.number("disconnects", report.disconnects);
  object.number("polls", report.polls);
  object.number("overruns", report.overruns);
  object.number("bytes_out", report.bytes_out);
  object.number("bytes_in", report.bytes_in);
  if (report.planned > 0) object.number("planned", report.planned);
  object.number("busy", report.busy);
  if (!report.events.empty()) {
    object.key("events");
    Object events(out);
    for (const ChannelEvent& event : report.events) events.number(event.what, event.times);
    events.close();
  }
  if (with_plan) object.key("plan"), append_texts(out, report.plan);
  object.close();
}

void append_frame(std::string& out, const FrameReport& report) {
  Object object(out);
  object.number("at", unix_ms(report.at));
  object.number("took", seconds(report.took));
  object.text("device", report.device);
  object.text("outcome", report.outcome);
  add_unless_empty(object, "unasked", report.unasked);
  add_unless_empty(object, "sent", report.sent);
  add_unless_empty(object, "sent_text", report.sent_text);
  add_unless_empty(object, "received", report.received);
  add_unless_empty(object, "received_text", report.received_text);
  object.close();
}

void append_device(std::string& out, const DeviceReport& report) {
  Object object(out);
  object.text("name", report.name);
  object.text("channel", report.channel);
  object.boolean("online", report.online);
  add_unless_empty(object, "trouble", report.trouble);
  object.number("tags", report.tags);
  object.number("requests", report.requests);
  object.number("answered", report.answered);
  object.number("timeouts", report.timeouts);
  object.number("refused", report.refused);
  object.number("bad_replies", report.bad_replies);
  object.number("writes", report.writes);
  object.number("polls", report.polls);
  if (report.planned > 0) object.number("planned", report.planned);
  object.number("busy", report.busy);
  add_time(object, "last_answer", report.last_answer);
  object.close();
}

void append_uplink(std::string& out, const UplinkReport& report) {
  Object object(out);
  object.text("name", report.name);
  object.boolean("connected", report.connected);
  add_unless_empty(object, "trouble", report.trouble);
  add_time(object, "since", report.since);
  object.number("connects", report.connects);
  object.number("messages_sent", report.messages_sent);
  object.number("messages_settled", report.messages_settled);
  object.number("unheard", report.unheard);
  object.number("refused", report.refused);
  object.number("rejected", report.rejected);
  object.number("bytes_sent", report.bytes_sent);
  object.number("in_flight", report.in_flight);
  object.number("waiting_records", report.waiting_records);
  object.number("ack_ms", report.ack_ms);
  object.key("samples");
  Object samples(out);
  samples.number("read", report.read);
  samples.number("sent", report.sent);
  samples.number("stored", report.stored);
  samples.number("suppressed", report.suppressed);
  samples.number("dropped", report.dropped);
  samples.close();
  object.close();
}

void append_outbox(std::string& out, const OutboxReport& report) {
  Object object(out);
  object.text("path", report.path);
  add_unless_empty(object, "trouble", report.trouble);
  object.number("memory_bytes", report.memory_bytes);
  object.number("disk_bytes", report.disk_bytes);
  object.number("max_size", report.max_size);
  object.number("blocks", report.blocks);
  object.number("commits", report.commits);
  object.number("bytes_written", report.bytes_written);
  object.close();
}

void append_tag(std::string& out, const TagReport& report) {
  const Sample& sample = report.sample;
  Object object(out);
  object.text("name", report.name);
  object.value("value", sample.value);
  add_unless_empty(object, "units", report.units);
  object.text("quality", to_text(sample.quality));
  if (sample.reason != Reason::none) object.text("reason", to_text(sample.reason));
  if (sample.detail != 0) object.number("detail", static_cast<uint64_t>(sample.detail));
  if (sample.reason != Reason::not_read_yet) object.number("timestamp", unix_ms(report.timestamp));
  if (sample.source_ns != 0) object.number("source_time", sample.source_ns / 1'000'000);
  if (report.writable) object.boolean("writable", true);
  object.close();
}

}  // namespace ferrule

// The stored records to look at and to give up. REST thread.
#include <charconv>

#include "core/json_text.h"
#include "rest/answers.h"
#include "rest/report_json.h"

namespace ferrule {

namespace {

void append_record(std::string& out, const OutboxRecord& record) {
  json::Object object(out);
  object.number("at", record.at);
  object.text("uplink", record.uplink);
  object.number("boot", record.boot);
  object.number("seq", record.seq);
  object.number("timestamp", unix_ms(record.timestamp));
  object.text("kind", record.kind);
  if (!record.device.empty()) object.text("device", record.device);
  if (!record.text.empty()) object.text("text", record.text);
  if (!record.why.empty()) object.text("why", record.why);
  if (!record.samples.empty()) {
    object.key("samples");
    json::Array samples(out);
    for (const TagReport& sample : record.samples) samples.next(), append_tag(out, sample);
    samples.close();
  }
  object.close();
}

// The one value of a parameter; empty: it does not stand there.
Result<std::string> only(const RouteCall& call, std::string_view name) {
  const std::vector<std::string> all = call.request.target.all(name);
  if (all.size() > 1) return {Fault::invalid, "?" + std::string(name) + "= may stand once"};
  return all.empty() ? std::string() : all[0];
}

HttpReply answer_records(const RouteCall& call, OutboxPart part) {
  const Result<std::string> uplink = only(call, "uplink"), after = only(call, "after");
  if (!uplink.ok()) return error_reply(uplink.status());
  if (!after.ok()) return error_reply(after.status());
  if (part == OutboxPart::waiting && uplink->empty()) return error_reply(400, "say which uplink's: ?uplink=");
  uint64_t beyond = 0;
  const auto [end, wrong] = std::from_chars(after->data(), after->data() + after->size(), beyond);
  if (!after->empty() && (wrong != std::errc{} || end != after->data() + after->size())) {
    return error_reply(400, "?after= takes the `at` of a record");
  }
  const auto records = call.api.outbox_records(part, *uplink, beyond);
  if (!records.ok()) return error_reply(records.status());
  HttpReply reply;
  json::Object object(reply.body);
  object.key("records");
  json::Array array(reply.body);
  for (const OutboxRecord& record : *records) array.next(), append_record(reply.body, record);
  array.close();
  object.close();
  return reply;
}

HttpReply answer_purge(const RouteCall& call, OutboxPart part, std::string_view uplink) {
  const Result<uint64_t> records = call.api.purge_outbox(part, uplink);
  if (!records.ok()) return error_reply(records.status());
  HttpReply reply;
  json::Object object(reply.body);
  object.number("records", *records);
  object.close();
  return reply;
}

}  // namespace

HttpReply answer_outbox_waiting(const RouteCall& call) { return answer_records(call, OutboxPart::waiting); }
HttpReply answer_dead_letters(const RouteCall& call) { return answer_records(call, OutboxPart::dead_letters); }

HttpReply answer_purge_waiting(const RouteCall& call) {
  const Result<std::string> uplink = only(call, "uplink");
  if (!uplink.ok()) return error_reply(uplink.status());
  if (uplink->empty()) return error_reply(400, "say which uplink's: ?uplink=");
  return answer_purge(call, OutboxPart::waiting, *uplink);
}

HttpReply answer_purge_dead_letters(const RouteCall& call) { return answer_purge(call, OutboxPart::dead_letters, {}); }

}  // namespace ferrule

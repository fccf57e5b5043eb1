#include "host/outbox_desk.h"

#include <algorithm>

#include "core/nearest.h"
#include "host/gateway.h"
#include "host/log.h"

namespace ferrule {

namespace {

constexpr size_t kPage = GatewayApi::kOutboxPage;
constexpr size_t kPageSamples = 20'000;  // about 3 MB of JSON
constexpr size_t kAll = 1'000'000;       // there are a thousand at most

Status no_answer() { return {Fault::timeout, "the outbox's disk does not answer; ask again"}; }

Result<UplinkIndex> find_uplink(const Gateway& gateway, std::string_view name) {
  std::vector<std::string_view> names;
  const auto parts = gateway.parts();
  for (const auto& link : parts.links) {
    if (link->settings.name == name) return link->index;
    names.push_back(link->settings.name);
  }
  return Status{Fault::not_found, "there is no uplink '" + std::string(name) + "'" + did_you_mean(name, names)};
}

void describe(const Samples& samples, const Names& names, const Record& record, OutboxRecord& out) {
  out.kind = "samples";
  for (const Sample& sample : samples) {
    TagReport report;
    report.name = names.full_name(sample.tag);
    report.sample = sample;
    report.timestamp = record.timestamp + (sample.read_at - record.read_at);
    out.samples.push_back(std::move(report));
  }
}
void describe(const Alarm& alarm, const Names&, const Record&, OutboxRecord& out) {
  out.kind = "alarm";
  out.text = alarm.rule + (alarm.raised ? " raised: " : " cleared: ") + alarm.text;
}
void describe(const Loss& loss, const Names&, const Record&, OutboxRecord& out) {
  out.kind = "loss";
  out.text = std::to_string(loss.samples) + " samples: " + loss.why;
}
void describe(const Outcome& outcome, const Names&, const Record&, OutboxRecord& out) {
  out.kind = "outcome";
  out.text =
      outcome.command_id + ": " + std::string(to_text(outcome.result)) + (outcome.reason.empty() ? "" : ", ") + outcome.reason;
}
void describe(const DeviceState& state, const Names&, const Record&, OutboxRecord& out) {
  out.kind = "device_state";
  out.text = state.online ? "online" : "offline: " + state.text;
}

OutboxRecord report_of(const Envelope& envelope, std::string uplink, const Names& names) {
  OutboxRecord out;
  out.at = envelope.position;
  out.boot = envelope.boot;
  out.seq = envelope.seq;
  out.uplink = std::move(uplink);
  if (envelope.record == nullptr) {
    out.kind = "unreadable";
    return out;
  }
  const Record& record = *envelope.record;
  if (record.device != DeviceId::none) out.device = names.name(record.device);
  out.timestamp = record.timestamp;
  std::visit([&](const auto& body) { describe(body, names, record, out); }, record.body);
  return out;
}

Result<std::vector<OutboxRecord>> read_dead_letters(Gateway& gateway, std::string_view uplink, uint64_t after) {
  const auto found = std::make_shared<std::optional<Result<std::vector<DeadLetterRecord>>>>();
  const bool answered = gateway.outbox().ask([=, most = uplink.empty() ? kPage : kAll](Outbox& outbox) {
    found->emplace(outbox.dead_letters(static_cast<int64_t>(after), most));
  });
  if (!answered) return no_answer();
  if (!(*found)->ok()) return (*found)->status();
  std::vector<OutboxRecord> records;
  for (const DeadLetterRecord& letter : ***found) {
    if ((!uplink.empty() && letter.uplink != uplink) || records.size() == kPage) continue;
    records.push_back(report_of(letter.envelope, letter.uplink, gateway.context().names));
    records.back().at = static_cast<uint64_t>(letter.id);
    records.back().why = letter.why;
  }
  return records;
}

}  // namespace

Result<std::vector<OutboxRecord>> read_outbox(Gateway& gateway, OutboxPart part, std::string_view uplink, uint64_t after) {
  if (part == OutboxPart::dead_letters) return read_dead_letters(gateway, uplink, after);
  const Result<UplinkIndex> index = find_uplink(gateway, uplink);
  if (!index.ok()) return index.status();
  const auto found = std::make_shared<std::vector<Envelope>>();
  if (!gateway.outbox().ask([=, at = *index](Outbox& outbox) { *found = outbox.peek(at, after, kPage, kPageSamples); }))
    return no_answer();
  std::vector<OutboxRecord> records;
  for (const Envelope& envelope : *found) {
    records.push_back(report_of(envelope, std::string(uplink), gateway.context().names));
  }
  return records;
}

Result<uint64_t> purge_outbox(Gateway& gateway, OutboxPart part, std::string_view uplink) {
  const auto purged = std::make_shared<uint64_t>(0);
  if (part == OutboxPart::dead_letters) {
    const auto status = std::make_shared<Status>();
    const bool answered = gateway.outbox().ask([=](Outbox& outbox) {
      if (const auto letters = outbox.dead_letters(0, kAll); letters.ok()) *purged = letters->size();
      *status = outbox.purge_dead_letters();
    });
    if (!answered) return no_answer();
    if (!status->ok()) return *status;
    log(LogLevel::warning, "outbox: the dead letters were purged by an operator");
    return *purged;
  }
  const Result<UplinkIndex> index = find_uplink(gateway, uplink);
  if (!index.ok()) return index.status();
  if (!gateway.outbox().ask([=, at = *index](Outbox& outbox) { *purged = outbox.purge(at); })) return no_answer();
  return *purged;
}

}  // namespace ferrule

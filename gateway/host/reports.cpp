// What REST asks, answered from the running gateway.
#include <algorithm>

#include "core/nearest.h"
#include "host/gateway.h"
#include "host/health.h"
#include "host/outbox_desk.h"
#include "host/write_path.h"

namespace ferrule {

namespace {

class LiveValues final : public LiveStream {
 public:
  LiveValues(const Gateway& gateway, std::shared_ptr<LiveFeed::Subscriber> subscriber)
      : gateway_(gateway), subscriber_(std::move(subscriber)) {}
  LiveBatch drain() override;

 private:
  const Gateway& gateway_;
  const std::shared_ptr<LiveFeed::Subscriber> subscriber_;
};

class Reports final : public GatewayApi {
 public:
  explicit Reports(Gateway& gateway) : gateway_(gateway) {}
  GatewayReport gateway() const override;
  std::vector<ChannelReport> channels() const override;
  std::vector<DeviceReport> devices() const override;
  Result<std::vector<FrameReport>> frames(std::string_view channel) const override;
  Status probe(std::string_view channel, const ProbeQuestion& question, std::function<void(ProbeAnswer)> done) override;
  std::vector<UplinkReport> uplinks() const override;
  OutboxReport outbox() const override;
  Result<std::vector<OutboxRecord>> outbox_records(OutboxPart part, std::string_view uplink, uint64_t after) const override {
    return read_outbox(gateway_, part, uplink, after);
  }
  Result<uint64_t> purge_outbox(OutboxPart part, std::string_view uplink) override {
    return ferrule::purge_outbox(gateway_, part, uplink);
  }
  Result<std::vector<TagReport>> values(std::string_view device) const override;
  Result<TagReport> value(std::string_view tag) const override;
  Status write(const WriteRequest& request, std::function<void(WriteReply)> done) override;
  Result<std::unique_ptr<LiveStream>> watch(const std::vector<std::string>& tags, std::function<void()> ready) override;
  Status reload() override;

 private:
  Result<TagId> find(const Gateway::Parts& parts, std::string_view tag) const;
  const Names& names() const { return gateway_.context().names; }

  Gateway& gateway_;
};

TagReport report_of(const TagIndex& tags, const Names& names, const Sample& sample, WallTime timestamp) {
  TagReport report;
  report.name = names.full_name(sample.tag);
  if (const TagSettings* settings = tags[sample.tag].settings) {
    report.units = settings->units;
    report.writable = settings->writable;
  }
  report.sample = sample;
  report.timestamp = timestamp;
  return report;
}

LiveBatch LiveValues::drain() {
  LiveBatch batch;
  const auto tags = gateway_.parts().tags;
  for (const LiveSample& live : subscriber_->drain(batch.lost)) {
    batch.samples.push_back(report_of(*tags, gateway_.context().names, live.sample, live.timestamp));
  }
  return batch;
}

GatewayReport Reports::gateway() const {
  const Gateway::Parts parts = gateway_.parts();
  GatewayReport report;
  report.id = parts.settings->id;
  report.version = gateway_.context().version;
  report.boot = gateway_.outbox().boot();
  report.started = gateway_.started();
  report.uptime = gateway_.uptime();
  report.config_file = gateway_.context().folders.config_file;
  report.config_trouble = gateway_.config_trouble();
  report.tags = parts.tags->size();
  report.problems = problems(gateway_);
  return report;
}

std::vector<ChannelReport> Reports::channels() const {
  std::vector<ChannelReport> reports;
  for (const auto& channel : gateway_.parts().channels) reports.push_back(channel->runner->report());
  return reports;
}

std::vector<DeviceReport> Reports::devices() const {
  std::vector<DeviceReport> reports;
  for (const auto& channel : gateway_.parts().channels) {
    auto devices = channel->runner->devices();
    std::move(devices.begin(), devices.end(), std::back_inserter(reports));
  }
  return reports;
}

std::string in_hex(std::span<const uint8_t> bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  text.reserve(bytes.size() * 2);
  for (const uint8_t byte : bytes) text += kDigits[byte >> 4], text += kDigits[byte & 15];
  return text;
}

std::string outcome_text(const RecordedExchange& exchange) {
  if (exchange.fault == Fault::none) return "ok";
  std::string text(to_text(exchange.fault));
  if (exchange.detail != 0) text += " " + std::to_string(exchange.detail);
  return text;
}

using RunningChannels = decltype(Gateway::Parts::channels);

// The place of the channel; end() where there is none.
auto channel_named(const RunningChannels& channels, std::string_view name) {
  return std::ranges::find(channels, name, [](const auto& one) { return one->settings.name; });
}

Status no_channel(const RunningChannels& channels, std::string_view name) {
  std::vector<std::string_view> known;
  for (const auto& one : channels) known.push_back(one->settings.name);
  return {Fault::not_found, "no channel '" + std::string(name) + "'" + did_you_mean(name, known)};
}

Status Reports::probe(std::string_view name, const ProbeQuestion& question, std::function<void(ProbeAnswer)> done) {
  const Gateway::Parts parts = gateway_.parts();
  const auto channel = channel_named(parts.channels, name);
  if (channel == parts.channels.end()) return no_channel(parts.channels, name);
  (*channel)->runner->probe(question, std::move(done));
  return {};
}

Result<std::vector<FrameReport>> Reports::frames(std::string_view name) const {
  const Gateway::Parts parts = gateway_.parts();
  const auto channel = channel_named(parts.channels, name);
  if (channel == parts.channels.end()) return no_channel(parts.channels, name);
  const ChannelSettings& settings = (*channel)->settings;
  const DriverType& type = *gateway_.context().catalogue.driver(settings.driver);
  const auto in_words = [&](std::span<const uint8_t> frame, bool sent) {
    return type.frame_text == nullptr || frame.empty() ? std::string() : type.frame_text(settings, frame, sent);
  };
  std::vector<FrameReport> reports;
  for (const RecordedExchange& exchange : (*channel)->runner->frames()) {
    const std::string device = exchange.device ? std::string(names().name(settings.devices[*exchange.device].id)) : "(probe)";
    reports.push_back({exchange.at, exchange.took, device, outcome_text(exchange), in_hex(exchange.unasked),
                       in_hex(exchange.sent), in_hex(exchange.received), in_words(exchange.sent, true),
                       in_words(exchange.received, false)});
  }
  return reports;
}

UplinkReport report_of(const UplinkStatus& status) {
  UplinkReport report;
  report.name = status.name;
  report.trouble = status.trouble;
  report.connected = status.connected;
  report.since = status.since;
  report.connects = status.connects;
  report.messages_sent = status.messages_sent;
  report.messages_settled = status.messages_settled;
  report.unheard = status.unheard;
  report.refused = status.refused;
  report.rejected = status.rejected;
  report.bytes_sent = status.bytes_sent;
  report.in_flight = status.in_flight;
  report.ack_ms = status.ack_ms;
  return report;
}

std::vector<UplinkReport> Reports::uplinks() const {
  const OutboxCounters outbox = gateway_.outbox().counters();
  const std::vector<Balance> balances = gateway_.outbox().balances();
  std::vector<UplinkReport> reports;
  for (const auto& link : gateway_.parts().links) {
    UplinkReport report = report_of(link->runner->status());
    const auto index = static_cast<size_t>(link->index);
    if (index < outbox.uplinks.size()) report.waiting_records = outbox.uplinks[index].waiting_records;
    if (index < balances.size()) {
      const Balance& mine = balances[index];
      report.read = mine.read;
      report.sent = mine.sent;
      report.stored = mine.stored;
      report.suppressed = mine.suppressed;
      report.dropped = mine.dropped;
    }
    reports.push_back(std::move(report));
  }
  return reports;
}

OutboxReport Reports::outbox() const {
  const OutboxCounters counters = gateway_.outbox().counters();
  const OutboxSettings& settings = gateway_.outbox().settings();
  OutboxReport report;
  report.path = settings.path;
  report.trouble = counters.trouble;
  report.memory_bytes = counters.memory_bytes;
  report.disk_bytes = counters.disk_bytes;
  report.max_size = settings.max_size;
  report.blocks = counters.blocks;
  report.commits = counters.commits;
  report.bytes_written = counters.bytes_written;
  return report;
}

Result<TagId> Reports::find(const Gateway::Parts& parts, std::string_view tag) const {
  const auto id = names().find_tag(tag);
  if (id && (*parts.tags)[*id].configured) return *id;
  return {Fault::not_found, "no tag '" + std::string(tag) + "'" + parts.tags->nearest_tag(tag, names())};
}

Result<std::vector<TagReport>> Reports::values(std::string_view device) const {
  const Gateway::Parts parts = gateway_.parts();
  DeviceId id = DeviceId::none;
  if (!device.empty()) {
    const auto known = names().find_device(device);
    if (!known || parts.tags->tags(*known).empty()) {
      return {Fault::not_found, "no device '" + std::string(device) + "'" + parts.tags->nearest_device(device, names())};
    }
    id = *known;
  }
  std::vector<TagReport> reports;
  for (const Latest& latest : gateway_.table().latest(parts.tags->tags(id))) {
    reports.push_back(report_of(*parts.tags, names(), latest.sample, latest.timestamp));
  }
  return reports;
}

Result<TagReport> Reports::value(std::string_view tag) const {
  const Gateway::Parts parts = gateway_.parts();
  const auto id = find(parts, tag);
  if (!id) return id.status();
  const auto latest = gateway_.table().latest(*id);
  if (!latest) {  // configured a moment ago, and the bus has not come to it
    Sample unread;
    unread.tag = *id;
    unread.quality = Quality::bad;
    unread.reason = Reason::not_read_yet;
    return report_of(*parts.tags, names(), unread, gateway_.context().clock.wall());
  }
  return report_of(*parts.tags, names(), latest->sample, latest->timestamp);
}

Status Reports::write(const WriteRequest& request, std::function<void(WriteReply)> done) {
  return write_tag(gateway_, request, std::move(done));
}

Result<std::unique_ptr<LiveStream>> Reports::watch(const std::vector<std::string>& tags, std::function<void()> ready) {
  const Gateway::Parts parts = gateway_.parts();
  std::vector<TagId> ids;
  for (const std::string& tag : tags) {
    if (const auto device = names().find_device(tag)) {
      const auto all = parts.tags->tags(*device);
      ids.insert(ids.end(), all.begin(), all.end());
      continue;
    }
    const auto id = find(parts, tag);
    if (!id) return id.status();
    ids.push_back(*id);
  }
  return std::unique_ptr<LiveStream>(std::make_unique<LiveValues>(gateway_, gateway_.feed().subscribe(ids, std::move(ready))));
}

// The reload itself belongs to the main thread. What it finds is in the next status.
Status Reports::reload() {
  gateway_.request_reload();
  return {};
}

}  // namespace

std::unique_ptr<GatewayApi> make_gateway_api(Gateway& gateway) { return std::make_unique<Reports>(gateway); }

}  // namespace ferrule

#include "tests/unit/rest/fake_gateway.h"

#include <algorithm>
#include <stdexcept>

namespace ferrule {

struct FakeGateway::Watcher {
  std::mutex lock;
  std::deque<TagReport> waiting;
  uint64_t lost = 0;
  size_t limit = 0;
  std::vector<std::string> wanted;
  std::function<void()> ready;
};

class FakeGateway::Stream final : public LiveStream {
 public:
  explicit Stream(std::shared_ptr<Watcher> watcher) : watcher_(std::move(watcher)) {}
  LiveBatch drain() override {
    const std::lock_guard guard(watcher_->lock);
    LiveBatch batch;
    batch.samples.assign(watcher_->waiting.begin(), watcher_->waiting.end());
    batch.lost = std::exchange(watcher_->lost, 0);
    watcher_->waiting.clear();
    return batch;
  }

 private:
  std::shared_ptr<Watcher> watcher_;
};

TagReport tag_report(const std::string& name, Value value) {
  TagReport report;
  report.name = name;
  report.sample.value = std::move(value);
  report.timestamp = from_unix_ms(1763712345678);
  return report;
}

FakeGateway::FakeGateway() {
  frame_reports = {{.at = from_unix_ms(1'763'712'345'678),
                    .took = std::chrono::milliseconds(12),
                    .device = "boiler",
                    .outcome = "ok",
                    .unasked = {},
                    .sent = "0503006400014443",
                    .received = "05030200418874",
                    .sent_text = "unit 5, read holding 100",
                    .received_text = "unit 5, 1 register"}};
  waiting_records = {{.at = 5,
                      .boot = 3,
                      .seq = 2,
                      .uplink = "cloud",
                      .device = "boiler",
                      .kind = "samples",
                      .timestamp = from_unix_ms(1'763'712'345'678),
                      .samples = {tag_report("boiler.setpoint", Value(int64_t{65}))}}};
  dead_letters = {{.at = 7, .boot = 3, .seq = 1, .uplink = "cloud", .kind = "alarm", .text = "hot", .why = "not authorized"}};
  report.id = "plant7";
  report.version = "0.1.0";
  report.boot = 17;
  report.config_file = "/etc/ferrule/ferrule.yaml";
  report.tags = 2;
  channel_reports.push_back(
      {.name = "line_a", .driver = "modbus", .state = "connected", .trouble = {}, .plan = {"unit 5 holding 100..121"}});
  device_reports.push_back({.name = "boiler", .channel = "line_a", .online = true, .trouble = {}, .last_answer = {}});
  device_reports.push_back(
      {.name = "press", .channel = "line_a", .online = false, .trouble = "does not answer", .last_answer = {}});
  uplink_reports.push_back({.name = "cloud", .trouble = {}, .connected = true, .since = {}});
  outbox_report.path = "/var/lib/ferrule/outbox.db";
  tags.push_back(tag_report("boiler.temperature", Value(81.4)));
  tags.push_back(tag_report("boiler.setpoint", Value(int64_t{65})));
  tags[0].units = "°C";
  tags[1].writable = true;
  on_write = [](const WriteRequest& request, const std::function<void(WriteReply)>& done) {
    done({request.id.empty() ? "made" : request.id, CommandResult::done, ""});
    return Status{};
  };
}

void FakeGateway::publish(const TagReport& live) {
  std::vector<std::shared_ptr<Watcher>> watchers;
  {
    const std::lock_guard guard(lock_);
    for (const auto& weak : watchers_) {
      if (auto watcher = weak.lock()) watchers.push_back(std::move(watcher));
    }
  }
  for (const auto& watcher : watchers) {
    if (!watcher->wanted.empty() && std::ranges::find(watcher->wanted, live.name) == watcher->wanted.end()) continue;
    {
      const std::lock_guard guard(watcher->lock);
      if (watcher->waiting.size() >= watcher->limit) {
        watcher->waiting.pop_front();
        ++watcher->lost;
      }
      watcher->waiting.push_back(live);
    }
    watcher->ready();
  }
}

size_t FakeGateway::watchers() const {
  const std::lock_guard guard(lock_);
  return static_cast<size_t>(std::ranges::count_if(watchers_, [](const auto& weak) { return !weak.expired(); }));
}

std::vector<WriteRequest> FakeGateway::writes() const {
  const std::lock_guard guard(lock_);
  return writes_;
}

size_t FakeGateway::reloads() const {
  const std::lock_guard guard(lock_);
  return reloads_;
}

GatewayReport FakeGateway::gateway() const {
  if (throws) throw std::runtime_error("a bug");
  return report;
}

Result<std::vector<TagReport>> FakeGateway::values(std::string_view device) const {
  std::vector<TagReport> found;
  for (const TagReport& tag : tags) {
    if (device.empty() || tag.name.starts_with(std::string(device) + ".")) found.push_back(tag);
  }
  if (found.empty()) return {Fault::not_found, "no device '" + std::string(device) + "', did you mean 'boiler'?"};
  return found;
}

Result<TagReport> FakeGateway::value(std::string_view tag) const {
  for (const TagReport& known : tags) {
    if (known.name == tag) return known;
  }
  return {Fault::not_found, "no tag '" + std::string(tag) + "', did you mean 'boiler.setpoint'?"};
}

Status FakeGateway::write(const WriteRequest& request, std::function<void(WriteReply)> done) {
  {
    const std::lock_guard guard(lock_);
    writes_.push_back(request);
  }
  return on_write(request, std::move(done));
}

Result<std::unique_ptr<LiveStream>> FakeGateway::watch(const std::vector<std::string>& wanted, std::function<void()> ready) {
  for (const std::string& tag : wanted) {
    if (const auto known = value(tag); !known.ok()) return known.status();
  }
  auto watcher = std::make_shared<Watcher>();
  watcher->wanted = wanted;
  watcher->limit = stream_limit;
  watcher->ready = std::move(ready);
  const std::lock_guard guard(lock_);
  watchers_.push_back(watcher);
  return std::unique_ptr<LiveStream>(std::make_unique<Stream>(std::move(watcher)));
}

Status FakeGateway::reload() {
  const std::lock_guard guard(lock_);
  ++reloads_;
  return reload_status;
}

Result<std::vector<OutboxRecord>> FakeGateway::outbox_records(OutboxPart part, std::string_view uplink, uint64_t after) const {
  if (!uplink.empty() && uplink != "cloud") return Status{Fault::not_found, "there is no uplink '" + std::string(uplink) + "'"};
  std::vector<OutboxRecord> found;
  for (const OutboxRecord& each : part == OutboxPart::waiting ? waiting_records : dead_letters) {
    if (each.at > after && found.size() < kOutboxPage) found.push_back(each);
  }
  return found;
}

Result<uint64_t> FakeGateway::purge_outbox(OutboxPart part, std::string_view) {
  auto& records = part == OutboxPart::waiting ? waiting_records : dead_letters;
  const uint64_t count = records.size();
  records.clear();
  return count;
}

}  // namespace ferrule

// A gateway that says what a test tells it, for the REST server to stand on.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "rest/gateway_api.h"

namespace ferrule {

TagReport tag_report(const std::string& name, Value value);

class FakeGateway final : public GatewayApi {
 public:
  FakeGateway();

  // Set before the server starts.
  GatewayReport report;
  std::vector<ChannelReport> channel_reports;
  std::vector<DeviceReport> device_reports;
  std::vector<UplinkReport> uplink_reports;
  OutboxReport outbox_report;
  std::vector<OutboxRecord> waiting_records, dead_letters;
  std::vector<TagReport> tags;
  std::vector<FrameReport> frame_reports;
  std::function<Status(const WriteRequest&, std::function<void(WriteReply)>)> on_write;
  std::function<ProbeAnswer(const ProbeQuestion&)> on_probe;
  Status reload_status;
  bool throws = false;
  size_t stream_limit = 1000;  // samples that a stream keeps for a slow reader

  // Any thread.
  void publish(const TagReport& report);
  size_t watchers() const;
  std::vector<WriteRequest> writes() const;
  size_t reloads() const;

  GatewayReport gateway() const override;
  std::vector<ChannelReport> channels() const override { return channel_reports; }
  std::vector<DeviceReport> devices() const override { return device_reports; }
  Status probe(std::string_view channel, const ProbeQuestion& question, std::function<void(ProbeAnswer)> done) override {
    if (channel != "line_a") return {Fault::not_found, "no channel '" + std::string(channel) + "'"};
    done(on_probe(question));
    return {};
  }
  Result<std::vector<FrameReport>> frames(std::string_view channel) const override {
    if (channel != "line_a") return Status(Fault::not_found, "no channel");
    return frame_reports;
  }
  std::vector<UplinkReport> uplinks() const override { return uplink_reports; }
  OutboxReport outbox() const override { return outbox_report; }
  Result<std::vector<OutboxRecord>> outbox_records(OutboxPart part, std::string_view uplink, uint64_t after) const override;
  Result<uint64_t> purge_outbox(OutboxPart part, std::string_view uplink) override;
  Result<std::vector<TagReport>> values(std::string_view device) const override;
  Result<TagReport> value(std::string_view tag) const override;
  Status write(const WriteRequest& request, std::function<void(WriteReply)> done) override;
  Result<std::unique_ptr<LiveStream>> watch(const std::vector<std::string>& wanted, std::function<void()> ready) override;
  Status reload() override;

 private:
  struct Watcher;
  class Stream;

  mutable std::mutex lock_;
  std::vector<std::weak_ptr<Watcher>> watchers_;
  std::vector<WriteRequest> writes_;
  size_t reloads_ = 0;
};

}  // namespace ferrule

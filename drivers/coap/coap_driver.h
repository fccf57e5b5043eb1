// The driver of one CoAP channel: a request for each resource, commands, and what devices tell of observed resources.
#pragma once

#include <memory>
#include <unordered_map>

#include "coap/device_end.h"
#include "coap/payload.h"
#include "coap/turner.h"
#include "sdk/driver.h"

namespace ferrule::coap {

class CoapDriver final : public Driver, private Prober {
 public:
  // `channel` and `context` outlive the driver. invalid: a tag's path cannot be read, or a device has no host.
  static Result<std::unique_ptr<Driver>> build(const ChannelSettings& channel, const ChannelContext& context);

  Result<Requests> plan(const DeviceSettings& device, std::span<const TagSettings* const> tags) const override;
  Status connect(Deadline deadline) override;
  Exchange read(const Request& request, SampleSink& sink, Deadline deadline) override;
  Attention attend(MonoTime now) override;
  WriteOutcome write(const Command& command, Deadline deadline) override;
  // `unit` is the n-th device of the channel, from 1; `address` a path, such as /.well-known/core. The bytes are the payload.
  Prober* prober() override { return this; }
  void disconnect() noexcept override;

 private:
  struct Target {  // of a write
    DeviceEnd* end;
    Point point;
    bool confirmable;
  };
  CoapDriver(const ChannelSettings& channel, const ChannelContext& context);
  Status add(const DeviceSettings& device);
  ProbeAnswer probe(const ProbeQuestion& question, Deadline deadline) override;

  const ChannelSettings& channel_;
  const ChannelContext& context_;
  Turner turner_;
  std::unordered_map<DeviceId, std::unique_ptr<DeviceEnd>> ends_;
  std::unordered_map<TagId, Target> targets_;
};

}  // namespace ferrule::coap

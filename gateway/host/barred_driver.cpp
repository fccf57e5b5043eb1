#include "host/barred_driver.h"

namespace ferrule {

namespace {

class BarredDriver final : public Driver {
 public:
  explicit BarredDriver(std::string trouble) : trouble_(std::move(trouble)) {}

  Result<Requests> plan(const DeviceSettings&, std::span<const TagSettings* const>) const override { return Requests{}; }
  Status connect(Deadline) override { return {Fault::invalid, trouble_}; }
  Exchange read(const Request&, SampleSink&, Deadline) override {
    return {.status = {Fault::disconnected, trouble_}, .instead = {}};
  }
  WriteOutcome write(const Command&, Deadline) override { return {CommandResult::failed, {Fault::disconnected, trouble_}}; }
  void disconnect() noexcept override {}

 private:
  const std::string trouble_;
};

}  // namespace

const DriverType kBarredDriver{
    .name = "barred",
    .help = "",
    .channel_fields = {},
    .device_fields = {},
    .tag_fields = {},
    .check = nullptr,
    .build = [](const ChannelSettings& channel, const ChannelContext&) -> Result<std::unique_ptr<Driver>> {
      return std::unique_ptr<Driver>(std::make_unique<BarredDriver>(channel.trouble));
    },
};

}  // namespace ferrule

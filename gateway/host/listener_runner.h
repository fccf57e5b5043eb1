// One listening channel's thread: its event loop, from which every call of the Listener comes (see sdk/listener.h).
//
// It waits for the listener's descriptor, its timer, settled receipts and commands; opens it with growing pauses; and turns what
// the listener says into polls, device states and counts.
#pragma once

#include <memory>
#include <optional>

#include "core/clock.h"
#include "host/push_output.h"
#include "host/running_channel.h"
#include "sdk/listener.h"

namespace ferrule {

class ListenerRunner final : public RunningChannel {
 public:
  static constexpr Duration kOpenTimeout = std::chrono::seconds(3);
  static constexpr Duration kLeastPause = std::chrono::milliseconds(500);
  static constexpr Duration kMostPause = std::chrono::seconds(3);
  static constexpr Duration kWriteTimeout = std::chrono::seconds(5);

  // Whether the devices of this channel push.
  static bool serves(const ChannelSettings& settings, const DriverType& type);
  // All that is referred to outlives the runner. Fails where the listener cannot be built.
  static Result<std::unique_ptr<ListenerRunner>> build(const ChannelSettings& settings, const DriverType& type,
                                                       const Clock& clock, const Names& names, PushOutput& output);
  ~ListenerRunner() override;

  void start() override;
  void stop() override;
  void write(Command command, std::function<void(WriteOutcome)> done) override;
  ChannelReport report() const override;
  std::vector<DeviceReport> devices() const override;
  std::vector<RecordedExchange> frames() const override { return {}; }  // a listener has no exchanges to show
  bool alive(MonoTime now) const override;

 private:
  struct Impl;
  explicit ListenerRunner(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace ferrule

// One channel's thread: connect, poll in time, write ahead of polls, back off, count.
//
// This is the one loop around every polled driver (see channel_loop.h); a driver needs no lock, timer, queue or logger because
// they are here.
//
// What becomes of a poll: one Poll with each tag of the group answered once. A tag that the driver left out is bad with the
// reason of the exchange. After a timeout the rest of the poll is bad without asking; after three such polls in a row the device
// is offline and only probed (device_watch.h). While the link is down or a device offline its polls are bad in time, without
// touching the wire.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/clock.h"
#include "host/channel_output.h"
#include "host/frame_ring.h"
#include "host/running_channel.h"
#include "rest/gateway_api.h"
#include "sdk/driver.h"

namespace ferrule {

class ChannelRunner final : public RunningChannel {
 public:
  // `settings`, `clock`, `names` and `output` outlive the runner. What the driver learns is kept in `learnt_file`, unless empty.
  // Fails where the driver cannot be built or nothing can be planned.
  static Result<std::unique_ptr<ChannelRunner>> build(const ChannelSettings& settings, const DriverType& type, const Clock& clock,
                                                      const Names& names, ChannelOutput& output,
                                                      size_t frame_bytes = FrameRing::kMost, const std::string& learnt_file = {});
  ~ChannelRunner() override;

  void start() override;  // once
  void stop()
      override;  // returns within 200 ms + one exchange; a queued command is answered `failed`. Not on the channel's thread.

  // Any thread. `done` is called on the channel's thread, exactly once. At most 100 wait; beyond that, and after stop(), `failed`
  // at once, on the caller's thread. While the link is down: `failed` after the next attempt to connect.
  void write(Command command, std::function<void(WriteOutcome)> done) override;

  // One raw read over the channel's driver, between its polls. Any thread; `done` as for write(). At most 8 wait.
  void probe(ProbeQuestion question, std::function<void(ProbeAnswer)> done) override;

  ChannelReport report() const override;                  // any thread; `overruns` includes polls that the bus refused
  std::vector<DeviceReport> devices() const override;     // any thread
  std::vector<RecordedExchange> frames() const override;  // any thread; the last ones, oldest first
  // For the watchdog, any thread: false when the loop has not turned for longer than it had declared that it may block.
  bool alive(MonoTime now) const override;

 private:
  struct Impl;
  explicit ChannelRunner(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace ferrule

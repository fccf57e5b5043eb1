// One channel's thread: connect, poll in time, write ahead of polls, back off, count.
//
// This is the one loop around every polled driver; a driver needs no lock, timer, queue or logger because they are here.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "bus/bus.h"
#include "core/clock.h"
#include "rest/gateway_api.h"
#include "sdk/driver.h"

namespace ferrule {

// Where a channel's results go. Called on the channel's thread; each returns at once.
class ChannelOutput {
 public:
  virtual ~ChannelOutput() = default;
  // False: the bus is full. The runner then offers the same poll's tags as `overrun` with its next poll, and counts.
  virtual bool poll(Poll&& poll) = 0;
  virtual void device_state(DeviceId device, const DeviceState& state) = 0;
  virtual void say(bool problem, std::string text) = 0;  // for the operator; the runner has held back repeats
};

class ChannelRunner {
 public:
  // `settings`, `clock`, `names` and `output` outlive the runner. Fails where the driver cannot be built or nothing can be
  // planned.
  static Result<std::unique_ptr<ChannelRunner>> build(const ChannelSettings& settings, const DriverType& type, const Clock& clock,
                                                      const Names& names, ChannelOutput& output);
  ~ChannelRunner();

  void start();
  void stop();  // returns within 200 ms + one exchange; a queued command is answered `failed`

  // Any thread. `done` is called on the channel's thread, exactly once. At most 100 wait; beyond that `failed` at once.
  void write(Command command, std::function<void(WriteOutcome)> done);

  ChannelReport report() const;               // any thread
  std::vector<DeviceReport> devices() const;  // any thread
  // For the watchdog, any thread: false when the loop has not turned for longer than it had declared that it may block.
  bool alive(MonoTime now) const;

 private:
  struct Impl;
  explicit ChannelRunner(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace ferrule

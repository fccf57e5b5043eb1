// One channel in service, polled (ChannelRunner) or listening (ListenerRunner): what the gateway, REST and the watchdog see of
// it.
#pragma once

#include <functional>
#include <vector>

#include "core/clock.h"
#include "host/frame_ring.h"
#include "rest/gateway_api.h"
#include "sdk/driver.h"

namespace ferrule {

class RunningChannel {
 public:
  virtual ~RunningChannel() = default;

  virtual void start() = 0;  // once
  virtual void stop() = 0;   // ends its thread; not to be called on that

  // Any thread. `done` is called exactly once, on any.
  virtual void write(Command command, std::function<void(WriteOutcome)> done) = 0;

  // Any thread.
  // One raw read over the channel, for people. `done` as for write().
  virtual void probe(ProbeQuestion /*question*/, std::function<void(ProbeAnswer)> done) {
    done({.status = Status(Fault::invalid, "this channel's driver cannot be asked so")});
  }

  virtual ChannelReport report() const = 0;
  virtual std::vector<DeviceReport> devices() const = 0;
  virtual std::vector<RecordedExchange> frames() const = 0;
  virtual bool alive(MonoTime now) const = 0;  // for the watchdog
};

}  // namespace ferrule

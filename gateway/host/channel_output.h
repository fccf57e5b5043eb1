// Where a channel's results go.
#pragma once

#include <string>

#include "bus/bus.h"
#include "core/record.h"

namespace ferrule {

// Called on the channel's thread; each returns at once.
class ChannelOutput {
 public:
  virtual ~ChannelOutput() = default;
  // False: the bus is full. The runner then offers the same poll's tags as `overrun` with its next poll, and counts.
  virtual bool poll(Poll&& poll) = 0;
  virtual void device_state(DeviceId device, const DeviceState& state) = 0;
  virtual void say(bool problem, std::string text) = 0;  // for the operator; the runner has held back repeats
};

}  // namespace ferrule

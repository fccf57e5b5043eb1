// What a channel counts, for its reports. Written by the channel's thread once per exchange or poll, read by any.
#pragma once

#include <optional>
#include <vector>

#include "core/clock.h"
#include "core/guarded.h"
#include "host/busy_share.h"
#include "host/channel_plan.h"
#include "rest/gateway_api.h"

namespace ferrule {

class ChannelCounters {
 public:
  ChannelCounters(const ChannelSettings& settings, const ChannelPlan& plan, const Clock& clock);

  struct Cost {  // of one exchange, a write included
    Status status;
    bool refused = false;  // the device answered with an error
    bool write = false;
    uint32_t bytes_out = 0, bytes_in = 0;
    Duration on_wire{0};
    Duration quiet{0};  // that belongs to it, as in its plan
  };
  void exchange(std::optional<size_t> device, const Cost& cost);  // no device: a person asked
  void planned(const ChannelPlan& plan);                          // it was made anew
  void poll(size_t device, uint64_t begun, uint64_t overruns);    // one has ended; of the channel, since the start
  void device(size_t device, bool online, std::string trouble);
  void channel(std::string state, std::string trouble);

  ChannelReport channel_report() const;
  std::vector<DeviceReport> device_reports() const;

 private:
  struct Counted {
    ChannelReport channel;
    std::vector<DeviceReport> devices;
    BusyShare busy;
    std::vector<BusyShare> device_busy;
  };
  const Clock& clock_;
  const MonoTime started_;
  Guarded<Counted> counted_;
};

}  // namespace ferrule

// What a listening channel counts, for its reports. Written by the loop's thread, read by any.
#pragma once

#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/clock.h"
#include "core/guarded.h"
#include "core/names.h"
#include "rest/gateway_api.h"
#include "sdk/settings.h"

namespace ferrule {

class ListenerCounters {
 public:
  static constexpr size_t kMostEvents = 64;  // different ones; what goes beyond is counted as "other"

  ListenerCounters(const ChannelSettings& settings, const Names& names, const Clock& clock);

  void message(DeviceId device);  // taken from it
  void refused_by_bus();
  void write(DeviceId device, CommandResult result);
  void traffic(uint64_t messages, uint64_t bytes_in, uint64_t bytes_out);
  void event(std::string_view what, uint64_t times);
  void device(DeviceId device, bool online, std::string_view trouble);
  void channel(std::string_view state, std::string_view trouble);

  bool online(DeviceId device) const;
  ChannelReport channel_report() const;
  std::vector<DeviceReport> device_reports() const;

 private:
  struct Counted {
    ChannelReport channel;
    std::vector<DeviceReport> devices;
  };
  const Clock& clock_;
  std::unordered_map<DeviceId, size_t> places_;
  Guarded<Counted> counted_;
};

}  // namespace ferrule

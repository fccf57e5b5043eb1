#include "host/health.h"

#include "host/gateway.h"

namespace ferrule {

namespace {
constexpr size_t kMostDevices = 20;  // named one by one; the rest is a count
}

std::vector<std::string> problems(const Gateway& gateway) {
  std::vector<std::string> found;
  if (const std::string trouble = gateway.config_trouble(); !trouble.empty()) found.push_back("configuration: " + trouble);
  if (const std::string hanging = gateway.hanging(); !hanging.empty()) found.push_back(hanging + " hangs");
  if (const std::string trouble = gateway.rest_trouble(); !trouble.empty()) found.push_back("REST: " + trouble);
  size_t offline = 0;
  for (const auto& channel : gateway.parts().channels) {
    const ChannelReport report = channel->runner->report();
    if (!report.trouble.empty()) {
      found.push_back("channel " + report.name + ": " + report.trouble);
      continue;  // its devices have no trouble of their own
    }
    for (const DeviceReport& device : channel->runner->devices()) {
      if (device.trouble.empty()) continue;
      if (++offline <= kMostDevices) found.push_back("device " + device.name + ": " + device.trouble);
    }
  }
  if (offline > kMostDevices) found.push_back(std::to_string(offline - kMostDevices) + " more devices are in trouble");
  for (const auto& link : gateway.parts().links) {
    const UplinkStatus status = link->runner->status();
    if (!status.trouble.empty()) found.push_back("uplink " + status.name + ": " + status.trouble);
  }
  const OutboxCounters outbox = gateway.outbox().counters();
  if (!outbox.trouble.empty()) found.push_back("outbox: " + outbox.trouble);
  return found;
}

}  // namespace ferrule

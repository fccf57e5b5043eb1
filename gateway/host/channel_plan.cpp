#include "host/channel_plan.h"

#include <map>

#include "core/units.h"

namespace ferrule {

namespace {

constexpr Duration kDefaultTimeout = std::chrono::seconds(1);

using TagPointers = std::vector<const TagSettings*>;

std::map<Duration, TagPointers> by_period(const DeviceSettings& device) {
  std::map<Duration, TagPointers> periods;
  for (const TagSettings& tag : device.tags) periods[tag.every].push_back(&tag);
  return periods;
}

// Adds the group, without requests where the driver cannot plan them: the Status says why.
Status add_group(ChannelPlan& plan, size_t index, const DeviceSettings& device, Duration every, const TagPointers& tags,
                 const Driver& driver) {
  PlannedDevice& planned = plan.devices[index];
  PollGroup group{index, every, {}, {}};
  for (const TagSettings* tag : tags) {
    group.tags.push_back(tag->id);
    if (tag->writable) plan.writable.emplace(tag->id, index);
  }
  auto requests = driver.plan(device, tags);
  Status status = requests.status();
  if (requests) group.requests = std::move(requests).value();
  for (size_t request = 0; request < group.requests.size(); ++request) planned.probes.emplace_back(plan.groups.size(), request);
  planned.groups.push_back(plan.groups.size());
  plan.groups.push_back(std::move(group));
  return status;
}

}  // namespace

Result<ChannelPlan> plan_channel(const ChannelSettings& settings, const DriverType& type, const Driver& driver,
                                 const Names& names) {
  ChannelPlan plan;
  Status trouble;
  size_t requests = 0;
  for (const DeviceSettings& device : settings.devices) {
    const size_t index = plan.devices.size();
    const Duration timeout = type.timeout == nullptr ? kDefaultTimeout : type.timeout(settings, device);
    plan.devices.push_back({device.id, std::string(names.name(device.id)), device.tags.size(), timeout, {}, {}});
    for (const auto& [every, tags] : by_period(device)) {
      const Status status = add_group(plan, index, device, every, tags, driver);
      requests += plan.groups.back().requests.size();
      if (status.ok()) continue;
      plan.troubles.push_back(plan.devices[index].name + " every " + to_text(every) + " cannot be read: " + status.what());
      if (trouble.ok()) trouble = Status(status.fault(), plan.troubles.back());
    }
  }
  if (requests == 0 && !trouble.ok()) return trouble;
  return plan;
}

std::vector<std::string> ChannelPlan::text() const {
  std::vector<std::string> lines;
  for (const PollGroup& group : groups) {
    const std::string head = devices[group.device].name + " every " + to_text(group.every) + ": ";
    for (const Request& request : group.requests) lines.push_back(head + request.text);
    if (group.requests.empty()) lines.push_back(head + "cannot be read");
  }
  return lines;
}

}  // namespace ferrule

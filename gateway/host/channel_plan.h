// What a channel is going to ask: its devices, their poll groups (the tags of a device with one period) and the requests that the
// driver planned for each. Made once, before the channel's thread starts; constant afterwards.
#pragma once

#include <cstddef>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "sdk/driver.h"

namespace ferrule {

struct PollGroup {
  size_t device = 0;  // index in ChannelPlan::devices
  Duration every{0};
  std::vector<TagId> tags;
  Requests requests;  // empty: the driver cannot read this group; its polls are bad without asking
};

struct PlannedDevice {
  DeviceId id = DeviceId::none;
  std::string name;
  size_t tags = 0;
  Duration timeout{0};
  std::vector<size_t> groups;
  std::vector<std::pair<size_t, size_t>> probes;  // every (group, request) of it, for probing in turn
};

struct ChannelPlan {
  std::vector<PlannedDevice> devices;
  std::vector<PollGroup> groups;
  std::unordered_map<TagId, size_t> writable;  // tag -> device
  std::vector<std::string> troubles;           // groups that cannot be read, and why

  std::vector<std::string> text() const;  // the requests, for people
};

// Fails where there are tags and none of them can be read.
Result<ChannelPlan> plan_channel(const ChannelSettings& settings, const DriverType& type, const Driver& driver,
                                 const Names& names);

}  // namespace ferrule

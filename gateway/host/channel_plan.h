// What a channel is going to ask: its devices, their poll groups (the tags of a device with one period) and the requests that the
// driver planned for each. Where groups of one device are due together anyway and cost less in one go, there is a joint poll for
// them, too: the slow group rides along with the fast one.
//
// Made before the channel's thread starts; afterwards changed on that thread only, by replan().
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "sdk/driver.h"

namespace ferrule {

struct PollGroup {
  size_t device = 0;  // index in ChannelPlan::devices
  Duration every{0};  // of a joint poll its fastest member's
  std::vector<TagId> tags;
  Requests requests;            // empty: the driver cannot read this group; its polls are bad without asking
  std::vector<size_t> members;  // of a joint poll: the groups that it stands for; empty otherwise
};

struct PlannedDevice {
  DeviceId id = DeviceId::none;
  std::string name;
  size_t tags = 0;
  Duration timeout{0};
  std::vector<size_t> groups;
  std::vector<size_t> joints;
  double share = 0;  // of the line's time that its requests should take; 0 where the driver cannot tell
};

struct ChannelPlan {
  std::vector<PlannedDevice> devices;
  std::vector<PollGroup> polls;  // first the groups, then the joint polls of each device, the largest first
  size_t group_count = 0;
  std::unordered_map<TagId, size_t> writable;  // tag -> device
  std::vector<std::string> troubles;           // groups that cannot be read, and why

  std::span<const PollGroup> groups() const { return {polls.data(), group_count}; }  // without the joint polls
  std::vector<std::string> text() const;                                             // the requests, for people
  double share() const;                                                              // of all devices
};

// Fails where there are tags and none of them can be read.
Result<ChannelPlan> plan_channel(const ChannelSettings& settings, const DriverType& type, const Driver& driver,
                                 const Names& names);

// Plans the requests of all polls of this device anew. What cannot be planned now keeps its requests.
void replan(ChannelPlan& plan, const DeviceSettings& device, size_t index, const Driver& driver);

}  // namespace ferrule

#include "host/channel_plan.h"

#include <algorithm>
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

std::vector<TagId> ids_of(const TagPointers& tags) {
  std::vector<TagId> ids;
  ids.reserve(tags.size());
  for (const TagSettings* tag : tags) ids.push_back(tag->id);
  return ids;
}

// Adds the group, without requests where the driver cannot plan them: the Status says why.
Status add_group(ChannelPlan& plan, size_t index, const DeviceSettings& device, Duration every, const TagPointers& tags,
                 const Driver& driver) {
  PlannedDevice& planned = plan.devices[index];
  PollGroup group{index, every, ids_of(tags), {}, {}};
  for (const TagSettings* tag : tags) {
    if (tag->writable) plan.writable.emplace(tag->id, index);
  }
  auto requests = driver.plan(device, tags);
  Status status = requests.status();
  if (requests) group.requests = std::move(requests).value();
  planned.groups.push_back(plan.polls.size());
  plan.polls.push_back(std::move(group));
  return status;
}

// Line time where the driver knows it, else bytes with 40 for each exchange's headers and waits, else the exchanges.
int64_t cost_of(const Requests& requests) {
  int64_t cost = 0;
  for (const Request& request : requests) {
    const int64_t bytes = int64_t{request.bytes_out} + request.bytes_in;
    cost += request.cost > Duration::zero() ? request.cost.count() : bytes + 40;
  }
  return cost;
}

// Whether a group with this period is due only when each of these groups is, too.
bool in_step(const ChannelPlan& plan, std::span<const size_t> groups, Duration period) {
  return std::ranges::all_of(groups, [&](size_t group) { return period.count() % plan.polls[group].every.count() == 0; });
}

void add_joint(ChannelPlan& plan, size_t index, std::span<const size_t> groups, const DeviceSettings& device,
               std::span<const TagPointers> tags, const Driver& driver) {
  TagPointers all;
  int64_t apart = 0;
  for (size_t i = 0; i < groups.size(); ++i) {
    if (plan.polls[groups[i]].requests.empty()) return;
    apart += cost_of(plan.polls[groups[i]].requests);
    all.insert(all.end(), tags[i].begin(), tags[i].end());
  }
  auto together = driver.plan(device, all);
  if (!together || together->empty() || cost_of(*together) >= apart) return;
  plan.devices[index].joints.push_back(plan.polls.size());
  plan.polls.push_back({index, plan.polls[groups[0]].every, ids_of(all), std::move(together).value(),
                        std::vector<size_t>(groups.begin(), groups.end())});
}

// Of the fastest groups, as many as are in step; then one fewer, and so on.
void add_joints(ChannelPlan& plan, size_t index, const DeviceSettings& device, const Driver& driver) {
  const std::vector<size_t> groups = plan.devices[index].groups;  // fastest first
  if (groups.size() < 2) return;
  std::vector<TagPointers> tags;
  for (auto& [every, of_period] : by_period(device)) tags.push_back(of_period);
  for (size_t count = groups.size(); count >= 2; --count) {
    const std::span<const size_t> fastest(groups.data(), count);
    bool fits = true;
    for (size_t i = 1; i < count; ++i) fits = fits && in_step(plan, fastest.first(i), plan.polls[groups[i]].every);
    if (fits) add_joint(plan, index, fastest, device, std::span(tags).first(count), driver);
  }
}

// How often a second the polls of `poll` happen, apart from those that a joint poll makes in its place.
double rate_of(const ChannelPlan& plan, const PlannedDevice& device, size_t poll) {
  const auto hertz = [](Duration every) { return 1 / std::chrono::duration<double>(every).count(); };
  const auto slowest = [&](size_t joint) { return plan.polls[plan.polls[joint].members.back()].every; };
  double rate = hertz(poll < plan.group_count ? plan.polls[poll].every : slowest(poll));
  double taken = 0;  // by the largest joint polls that it is in
  for (const size_t joint : device.joints) {
    const auto& members = plan.polls[joint].members;
    const bool larger = poll < plan.group_count || members.size() > plan.polls[poll].members.size();
    const bool in_it = poll >= plan.group_count || std::ranges::count(members, poll) > 0;
    if (larger && in_it) taken = std::max(taken, hertz(slowest(joint)));
  }
  return std::max(0.0, rate - taken);
}

void account(ChannelPlan& plan, size_t index) {
  PlannedDevice& device = plan.devices[index];
  device.share = 0;
  const auto add = [&](size_t poll) {
    Duration cost{0};
    for (const Request& request : plan.polls[poll].requests) cost += request.cost;
    device.share += std::chrono::duration<double>(cost).count() * rate_of(plan, device, poll);
  };
  for (const size_t group : device.groups) add(group);
  for (const size_t joint : device.joints) add(joint);
}

void append_requests(std::vector<std::string>& lines, const std::string& head, const Requests& requests) {
  for (const Request& request : requests) lines.push_back(head + request.text);
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
    plan.devices.push_back({device.id, std::string(names.name(device.id)), device.tags.size(), timeout, {}, {}, 0});
    for (const auto& [every, tags] : by_period(device)) {
      const Status status = add_group(plan, index, device, every, tags, driver);
      requests += plan.polls.back().requests.size();
      if (status.ok()) continue;
      plan.troubles.push_back(plan.devices[index].name + " every " + to_text(every) + " cannot be read: " + status.what());
      if (trouble.ok()) trouble = Status(status.fault(), plan.troubles.back());
    }
  }
  if (requests == 0 && !trouble.ok()) return trouble;
  plan.group_count = plan.polls.size();
  for (size_t index = 0; index < settings.devices.size(); ++index) {
    add_joints(plan, index, settings.devices[index], driver);
    account(plan, index);
  }
  return plan;
}

void replan(ChannelPlan& plan, const DeviceSettings& device, size_t index, const Driver& driver) {
  const auto anew = [&](size_t poll) {
    auto requests = driver.replan(device, plan.polls[poll].tags);
    if (requests && !requests->empty()) plan.polls[poll].requests = std::move(requests).value();
  };
  for (const size_t group : plan.devices[index].groups) anew(group);
  for (const size_t joint : plan.devices[index].joints) anew(joint);
  account(plan, index);
}

std::vector<std::string> ChannelPlan::text() const {
  std::vector<std::string> lines;
  for (const PollGroup& poll : polls) {
    const PlannedDevice& device = devices[poll.device];
    std::string head = device.name + " every " + to_text(poll.every);
    if (!poll.members.empty()) {
      const Duration slowest = polls[poll.members.back()].every;
      head = device.name + " every " + to_text(slowest) + ", with what is faster";
    }
    append_requests(lines, head + ": ", poll.requests);
    if (poll.requests.empty()) lines.push_back(head + ": cannot be read");
  }
  return lines;
}

double ChannelPlan::share() const {
  double sum = 0;
  for (const PlannedDevice& device : devices) sum += device.share;
  return sum;
}

}  // namespace ferrule

#include "host/line_demand.h"

#include <cmath>

namespace ferrule {

namespace {

void add(LineDemand& sum, const LineDemand& part) {
  sum.requests += part.requests;
  sum.bytes += part.bytes;
  sum.share += part.share;
  sum.known = sum.known && part.known;
}

}  // namespace

LineDemand demand_of(const PollGroup& group) {
  LineDemand demand;
  for (const Request& request : group.requests) {
    ++demand.requests;
    demand.bytes += request.bytes_out + request.bytes_in;
    demand.share += std::chrono::duration<double>(request.cost) / std::chrono::duration<double>(group.every);
    demand.known = demand.known && request.cost != Duration{0};
  }
  return demand;
}

LineDemand demand_of(const ChannelPlan& plan) {
  LineDemand demand;
  for (size_t device = 0; device < plan.devices.size(); ++device) add(demand, demand_of(plan, device));
  return demand;
}

// Groups that ride along with others take less than they would apart.
LineDemand demand_of(const ChannelPlan& plan, size_t device) {
  LineDemand demand;
  for (const size_t group : plan.devices[device].groups) add(demand, demand_of(plan.polls[group]));
  if (!plan.devices[device].joints.empty()) demand.share = plan.devices[device].share;
  return demand;
}

std::string demand_warning(const std::string& channel, const LineDemand& demand) {
  if (demand.share < kBusyLine) return {};
  const std::string percent = std::to_string(std::lround(demand.share * 100)) + "%";
  const std::string what =
      "channel " + channel + ": its " + std::to_string(demand.requests) + " requests need " + percent + " of the line's time";
  if (demand.share <= 1) return what + ", which leaves little for a timeout or a write";
  return what + ": polls will be late; read less often, read fewer tags, or raise the baud rate";
}

}  // namespace ferrule

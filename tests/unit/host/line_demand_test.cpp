#include "host/line_demand.h"

#include <gtest/gtest.h>

namespace ferrule {

namespace {

using namespace std::chrono_literals;

PollGroup group(Duration every, std::initializer_list<Duration> costs) {
  PollGroup made{.every = every};
  for (const Duration cost : costs) {
    Request request;
    request.cost = cost;
    request.bytes_out = 8;
    request.bytes_in = 25;
    made.requests.push_back(std::move(request));
  }
  return made;
}

ChannelPlan plan(std::vector<PollGroup> groups) {
  ChannelPlan made;
  PlannedDevice device;
  for (size_t i = 0; i < groups.size(); ++i) device.groups.push_back(i);
  made.devices.push_back(device);
  made.group_count = groups.size();
  made.polls = std::move(groups);
  return made;
}

TEST(LineDemand, each_request_takes_its_cost_of_its_own_period) {
  const ChannelPlan made = plan({group(1s, {100ms, 150ms}), group(10s, {1s})});
  const LineDemand demand = demand_of(made);
  EXPECT_EQ(demand.requests, 3u);
  EXPECT_EQ(demand.bytes, 99u);
  EXPECT_NEAR(demand.share, 0.35, 1e-9);
  EXPECT_TRUE(demand.known);
  EXPECT_NEAR(demand_of(made, 0).share, 0.35, 1e-9);
}

TEST(LineDemand, a_request_of_unknown_cost_makes_the_whole_unknown) {
  EXPECT_FALSE(demand_of(plan({group(1s, {100ms, 0ms})})).known);
}

TEST(LineDemand, a_line_that_is_nearly_full_is_told_of_and_one_that_is_too_full_with_the_remedy) {
  EXPECT_EQ(demand_warning("a", demand_of(plan({group(1s, {790ms})}))), "");
  EXPECT_NE(demand_warning("a", demand_of(plan({group(1s, {850ms})}))).find("85%"), std::string::npos);
  const std::string over = demand_warning("a", demand_of(plan({group(1s, {800ms, 700ms})})));
  EXPECT_NE(over.find("2 requests need 150%"), std::string::npos) << over;
  EXPECT_NE(over.find("baud rate"), std::string::npos) << over;
}

}  // namespace

}  // namespace ferrule

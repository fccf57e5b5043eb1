#include "app/plan_command.h"

#include <nlohmann/json.hpp>

#include "app/builtin_types.h"
#include "app/text_table.h"
#include "core/units.h"
#include "host/channel_plan.h"
#include "host/line_demand.h"
#include "sdk/stop_signal.h"

namespace ferrule {

namespace {

using nlohmann::json;

Result<ChannelPlan> plan_of(const ChannelSettings& channel, const Clock& clock, const Names& names) {
  const DriverType& type = *builtin_types().driver(channel.driver);
  if (type.listens != nullptr && type.listens(channel)) return ChannelPlan{};  // asks nothing: its devices push
  const StopSignal stop;
  const ChannelContext context{.clock = clock, .names = names, .stop = stop};
  const auto driver = type.build(channel, context);
  if (!driver) return driver.status();
  return plan_channel(channel, type, **driver, names);
}

std::string percent(double share) {
  char text[32];
  std::snprintf(text, sizeof text, "%.1f%%", share * 100);
  return text;
}

// "-" where the driver cannot tell.
std::string if_known(bool known, std::string text) { return known ? std::move(text) : "-"; }

std::string summary(const LineDemand& demand) {
  std::string text = std::to_string(demand.requests) + " requests, " + std::to_string(demand.bytes) + " bytes";
  return demand.known ? text + ", " + percent(demand.share) + " of the line's time" : text + ", each device at its own pace";
}

void print_channel(const ChannelSettings& channel, const ChannelPlan& plan, std::FILE* out) {
  std::fprintf(out, "channel %s (%s): %s\n", channel.name.c_str(), channel.driver.c_str(), summary(demand_of(plan)).c_str());
  TextTable table({"DEVICE", ">EVERY", "REQUEST", ">TAGS", ">OUT", ">IN", ">MS", ">SHARE"});
  for (size_t device = 0; device < plan.devices.size(); ++device) {
    for (const size_t index : plan.devices[device].groups) {
      const PollGroup& group = plan.polls[index];
      for (const Request& request : group.requests) {
        const bool known = request.cost != Duration{0};
        const double share = std::chrono::duration<double>(request.cost) / std::chrono::duration<double>(group.every);
        table.add({plan.devices[device].name, to_text(group.every), request.text, std::to_string(request.tags.size()),
                   if_known(request.bytes_out != 0, std::to_string(request.bytes_out)),
                   if_known(request.bytes_in != 0, std::to_string(request.bytes_in)), if_known(known, milliseconds(request.cost)),
                   if_known(known, percent(share))});
      }
    }
    const LineDemand demand = demand_of(plan, device);
    if (demand.requests > 1 && demand.known) {
      table.add({plan.devices[device].name, "", "all " + std::to_string(demand.requests) + " requests",
                 std::to_string(plan.devices[device].tags), "", "", "", percent(demand.share)});
    }
  }
  if (!table.empty()) table.print(out);
  for (const std::string& trouble : plan.troubles) std::fprintf(out, "warning: %s\n", printable(trouble).c_str());
  std::fprintf(out, "\n");
}

json request_json(const PollGroup& group, const std::string& device, const Request& request) {
  json made{{"device", device},
            {"every_ms", std::chrono::duration<double, std::milli>(group.every).count()},
            {"request", request.text},
            {"tags", request.tags.size()},
            {"bytes_out", request.bytes_out},
            {"bytes_in", request.bytes_in}};
  if (request.cost != Duration{0}) made["cost_ms"] = std::chrono::duration<double, std::milli>(request.cost).count();
  return made;
}

json channel_json(const ChannelSettings& channel, const ChannelPlan& plan) {
  const LineDemand demand = demand_of(plan);
  json made{{"name", channel.name}, {"driver", channel.driver}, {"requests", json::array()}, {"troubles", plan.troubles}};
  if (demand.known) made["share"] = demand.share;
  for (const PollGroup& group : plan.groups()) {
    for (const Request& request : group.requests) {
      made["requests"].push_back(request_json(group, plan.devices[group.device].name, request));
    }
  }
  return made;
}

}  // namespace

int show_plan(const Folders& folders, bool json_wanted, std::FILE* out) {
  const SystemClock clock;
  Names names;
  const Loaded loaded = load_checked(folders, builtin_types(), clock, names, Secrets::unread);
  if (!loaded.ok()) {
    std::fputs(format_all(loaded).c_str(), stderr);
    return kPlanWrong;
  }
  int exit_code = kPlanFits;
  json channels = json::array();
  for (const ChannelSettings& channel : loaded.settings.channels) {
    const auto plan = plan_of(channel, clock, names);
    if (!plan) {
      std::fprintf(stderr, "channel %s: %s\n", channel.name.c_str(), printable(plan.status().what()).c_str());
      return kPlanWrong;
    }
    if (demand_of(*plan).share > 1) exit_code = kPlanTooMuch;
    if (json_wanted) {
      channels.push_back(channel_json(channel, *plan));
    } else {
      print_channel(channel, *plan, out);
    }
    const std::string warning = demand_warning(channel.name, demand_of(*plan));
    if (!warning.empty()) std::fprintf(stderr, "warning: %s\n", warning.c_str());
  }
  if (json_wanted) std::fprintf(out, "%s\n", json{{"channels", channels}}.dump(2).c_str());
  return exit_code;
}

std::vector<std::string> plan_warnings(const GatewaySettings& settings, const Clock& clock, const Names& names) {
  std::vector<std::string> warnings;
  for (const ChannelSettings& channel : settings.channels) {
    const auto plan = plan_of(channel, clock, names);
    if (!plan) continue;  // build() has said why
    const std::string warning = demand_warning(channel.name, demand_of(*plan));
    if (!warning.empty()) warnings.push_back(warning);
  }
  return warnings;
}

}  // namespace ferrule

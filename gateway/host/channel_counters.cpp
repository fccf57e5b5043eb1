#include "host/channel_counters.h"

#include <utility>

namespace ferrule {

namespace {

// The fields that both kinds of report have.
template <class Report>
void count(Report& report, const ChannelCounters::Cost& cost) {
  ++report.requests;
  const Fault fault = cost.status.fault();
  if (fault == Fault::none || fault == Fault::refused) ++report.answered;
  if (fault == Fault::timeout) ++report.timeouts;
  if (fault == Fault::bad_reply) ++report.bad_replies;
  if (cost.refused || fault == Fault::refused) ++report.refused;
}

}  // namespace

ChannelCounters::ChannelCounters(const ChannelSettings& settings, const ChannelPlan& plan, const Clock& clock)
    : clock_(clock), started_(clock.now()) {
  counted_.with([&](Counted& counted) {
    counted.channel.name = settings.name;
    counted.channel.driver = settings.driver;
    counted.channel.state = "stopped";
    counted.channel.devices = plan.devices.size();
    counted.device_busy.resize(plan.devices.size());
    for (const PlannedDevice& device : plan.devices) {
      counted.channel.tags += device.tags;
      DeviceReport& report = counted.devices.emplace_back();
      report.name = device.name;
      report.channel = settings.name;
      report.tags = device.tags;
      report.trouble = "not read yet";
    }
  });
  planned(plan);
}

void ChannelCounters::planned(const ChannelPlan& plan) {
  counted_.with([&](Counted& counted) {
    counted.channel.plan = plan.text();
    counted.channel.planned = plan.share();
    for (size_t device = 0; device < plan.devices.size(); ++device) counted.devices[device].planned = plan.devices[device].share;
  });
}

void ChannelCounters::exchange(std::optional<size_t> device, const Cost& cost) {
  const MonoTime now = clock_.now();
  const WallTime wall = clock_.wall();
  counted_.with([&](Counted& counted) {
    count(counted.channel, cost);
    counted.channel.bytes_out += cost.bytes_out;
    counted.channel.bytes_in += cost.bytes_in;
    counted.busy.add(now, cost.on_wire + cost.quiet);
    if (cost.status.fault() == Fault::disconnected) ++counted.channel.disconnects;
    if (!device) return;
    DeviceReport& report = counted.devices[*device];
    count(report, cost);
    counted.device_busy[*device].add(now, cost.on_wire + cost.quiet);
    if (cost.write) ++report.writes;
    if (cost.status.ok() || cost.status.fault() == Fault::refused) report.last_answer = wall;
    if (!report.online && !cost.status.ok()) report.trouble = cost.status.what();
  });
}

void ChannelCounters::poll(size_t device, uint64_t begun, uint64_t overruns) {
  counted_.with([&](Counted& counted) {
    ++counted.devices[device].polls;
    counted.channel.polls = begun;
    counted.channel.overruns = overruns;
  });
}

void ChannelCounters::device(size_t device, bool online, std::string trouble) {
  counted_.with([&](Counted& counted) {
    counted.devices[device].online = online;
    counted.devices[device].trouble = std::move(trouble);
  });
}

void ChannelCounters::channel(std::string state, std::string trouble) {
  counted_.with([&](Counted& counted) {
    counted.channel.state = std::move(state);
    counted.channel.trouble = std::move(trouble);
  });
}

ChannelReport ChannelCounters::channel_report() const {
  const MonoTime now = clock_.now();
  return counted_.with([&](const Counted& counted) {
    ChannelReport report = counted.channel;
    report.busy = counted.busy.share(now, started_);
    return report;
  });
}

std::vector<DeviceReport> ChannelCounters::device_reports() const {
  const MonoTime now = clock_.now();
  return counted_.with([&](const Counted& counted) {
    std::vector<DeviceReport> reports = counted.devices;
    for (size_t i = 0; i < reports.size(); ++i) reports[i].busy = counted.device_busy[i].share(now, started_);
    return reports;
  });
}

}  // namespace ferrule

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
    counted.channel.plan = plan.text();
    for (const PlannedDevice& device : plan.devices) {
      counted.channel.tags += device.tags;
      DeviceReport& report = counted.devices.emplace_back();
      report.name = device.name;
      report.channel = settings.name;
      report.tags = device.tags;
      report.trouble = "not read yet";
    }
  });
}

void ChannelCounters::exchange(size_t device, const Cost& cost) {
  const MonoTime now = clock_.now();
  const WallTime wall = clock_.wall();
  counted_.with([&](Counted& counted) {
    count(counted.channel, cost);
    count(counted.devices[device], cost);
    counted.channel.bytes_out += cost.bytes_out;
    counted.channel.bytes_in += cost.bytes_in;
    counted.busy.add(now, cost.on_wire);
    if (cost.status.fault() == Fault::disconnected) ++counted.channel.disconnects;
    DeviceReport& report = counted.devices[device];
    if (cost.write) ++report.writes;
    if (cost.status.ok() || cost.status.fault() == Fault::refused) report.last_answer = wall;
    if (!report.online && !cost.status.ok()) report.trouble = cost.status.what();
  });
}

void ChannelCounters::polls(uint64_t begun, uint64_t overruns) {
  counted_.with([&](Counted& counted) {
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
  return counted_.with([](const Counted& counted) { return counted.devices; });
}

}  // namespace ferrule

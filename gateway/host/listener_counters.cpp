#include "host/listener_counters.h"

#include <algorithm>

namespace ferrule {

ListenerCounters::ListenerCounters(const ChannelSettings& settings, const Names& names, const Clock& clock) : clock_(clock) {
  counted_.with([&](Counted& counted) {
    counted.channel.name = settings.name;
    counted.channel.driver = settings.driver;
    counted.channel.state = "stopped";
    counted.channel.devices = settings.devices.size();
    for (const DeviceSettings& device : settings.devices) {
      places_.emplace(device.id, counted.devices.size());
      counted.channel.tags += device.tags.size();
      DeviceReport& report = counted.devices.emplace_back();
      report.name = names.name(device.id);
      report.channel = settings.name;
      report.tags = device.tags.size();
      report.trouble = "has not been heard yet";
    }
  });
}

void ListenerCounters::message(DeviceId device) {
  const auto place = places_.find(device);
  if (place == places_.end()) return;
  const WallTime now = clock_.wall();
  counted_.with([&](Counted& counted) {
    ++counted.devices[place->second].answered;
    counted.devices[place->second].last_answer = now;
    ++counted.channel.answered;
  });
}

void ListenerCounters::refused_by_bus() {
  counted_.with([](Counted& counted) { ++counted.channel.overruns; });
}

void ListenerCounters::write(DeviceId device, CommandResult result) {
  const auto place = places_.find(device);
  counted_.with([&](Counted& counted) {
    if (place != places_.end()) ++counted.devices[place->second].writes;
    if (result == CommandResult::refused) ++counted.channel.refused;
  });
}

void ListenerCounters::traffic(uint64_t messages, uint64_t bytes_in, uint64_t bytes_out) {
  counted_.with([&](Counted& counted) {
    counted.channel.polls += messages;
    counted.channel.bytes_in += bytes_in;
    counted.channel.bytes_out += bytes_out;
  });
}

void ListenerCounters::event(std::string_view what, uint64_t times) {
  counted_.with([&](Counted& counted) {
    auto& events = counted.channel.events;
    auto found = std::ranges::find(events, what, &ChannelEvent::what);
    if (found == events.end() && events.size() >= kMostEvents) found = std::ranges::find(events, "other", &ChannelEvent::what);
    if (found == events.end()) {
      const bool last = events.size() + 1 == kMostEvents;
      found = events.insert(events.end(), {last ? "other" : std::string(what), 0});
    }
    found->times += times;
  });
}

void ListenerCounters::device(DeviceId device, bool online, std::string_view trouble) {
  const auto place = places_.find(device);
  if (place == places_.end()) return;
  counted_.with([&](Counted& counted) {
    counted.devices[place->second].online = online;
    counted.devices[place->second].trouble = trouble;
  });
}

void ListenerCounters::channel(std::string_view state, std::string_view trouble) {
  counted_.with([&](Counted& counted) {
    if (counted.channel.state == "connected" && state == "connecting") ++counted.channel.disconnects;
    counted.channel.state = state;
    counted.channel.trouble = trouble;
  });
}

bool ListenerCounters::online(DeviceId device) const {
  const auto place = places_.find(device);
  if (place == places_.end()) return false;
  return counted_.with([&](const Counted& counted) { return counted.devices[place->second].online; });
}

ChannelReport ListenerCounters::channel_report() const {
  return counted_.with([](const Counted& counted) { return counted.channel; });
}

std::vector<DeviceReport> ListenerCounters::device_reports() const {
  return counted_.with([](const Counted& counted) { return counted.devices; });
}

}  // namespace ferrule

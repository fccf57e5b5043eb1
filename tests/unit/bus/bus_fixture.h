// A bus with one device, whose tags each test describes.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "bus/bus.h"
#include "tests/fakes/manual_clock.h"

namespace ferrule {

class BusTest : public testing::Test {
 protected:
  class Seen : public Bus::Watch {
   public:
    bool wants(TagId tag) const override { return unwanted != tag; }
    void processed(std::span<const Sample> samples, Duration /*wall_offset*/) override {
      polls.emplace_back(samples.begin(), samples.end());
    }
    void sample(const Sample& sample) override { wanted.push_back(sample); }

    TagId unwanted = TagId::none;
    std::vector<Samples> polls;
    Samples wanted;
  };

  TagId id(const std::string& tag, const std::string& device_name = "boiler") {
    return names.tag(names.device(device_name), tag);
  }

  TagSettings tag(const std::string& name) {
    TagSettings settings;
    settings.id = id(name);
    settings.every = std::chrono::seconds(1);
    return settings;
  }

  void configure(std::vector<TagSettings> tags) {
    DeviceSettings device;
    device.id = names.device("boiler");
    device.tags = std::move(tags);
    ChannelSettings channel;
    channel.devices.push_back(std::move(device));
    bus.configure({channel}, rules, &seen);
  }

  Sample good(const std::string& name, Value value) { return {std::move(value), clock.now(), id(name)}; }
  Sample bad(const std::string& name, Reason reason) { return {Value(), clock.now(), id(name), Quality::bad, reason}; }

  RecordPtr take(Samples samples) { return bus.take({names.device("boiler"), std::move(samples)}); }
  // What goes on of one sample; nothing when it was held back.
  Samples forwarded(const Sample& sample) {
    const RecordPtr record = take({sample});
    return record == nullptr ? Samples() : std::get<Samples>(record->body);
  }
  bool goes_on(const Sample& sample) { return !forwarded(sample).empty(); }

  ManualClock clock;
  Names names;
  TagTable table;
  Seen seen;
  std::vector<RuleSettings> rules;
  Bus bus{clock, names, table};
};

}  // namespace ferrule

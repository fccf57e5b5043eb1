// Settings of a CoAP channel, written in a test as a user would write them, and its driver.
#pragma once

#include <optional>
#include <string>

#include "sdk/driver.h"
#include "tests/fakes/recording_sink.h"
#include "tests/fakes/settings_of.h"

namespace ferrule {

extern const DriverType k_coap_driver;

// The system's clock, which a test may put forward.
class ShiftedClock final : public Clock {
 public:
  MonoTime now() const override { return system_.now() + shift_; }
  WallTime wall() const override { return system_.wall() + shift_; }
  void put_forward(Duration by) { shift_ += by; }

 private:
  SystemClock system_;
  Duration shift_{0};
};

class CoapChannel {
 public:
  CoapChannel() {
    settings.name = "field";
    settings.driver = "coap";
    settings.mark = {1, 1, 0};
    settings.fields = Fields(k_coap_driver.channel_fields, {1, 1, 0});
  }

  // The tags that follow are its own.
  CoapChannel& device(uint16_t port, const std::vector<Setting>& more = {}) {
    DeviceSettings device;
    device.id = names.device("d" + std::to_string(settings.devices.size()));
    device.mark = {10, 1, 0};
    device.fields = settings_of(k_coap_driver.device_fields, more);
    device.fields.set("host", text("127.0.0.1"), {10, 2, 0});
    device.fields.set("port", int64_t{port}, {10, 3, 0});
    settings.devices.push_back(std::move(device));
    return *this;
  }
  TagId tag(const std::string& path, const std::vector<Setting>& more = {}, bool writable = false) {
    DeviceSettings& device = settings.devices.back();
    TagSettings tag;
    tag.id = names.tag(device.id, "t" + std::to_string(device.tags.size()));
    tag.mark = {20, 1, 0};
    tag.every = std::chrono::seconds(1);
    tag.writable = writable;
    tag.fields = settings_of(k_coap_driver.tag_fields, more);
    tag.fields.set("path", path, {20, 2, 0});
    device.tags.push_back(std::move(tag));
    return device.tags.back().id;
  }

  Complaints complaints() const {
    Complaints complaints;
    k_coap_driver.check(settings, names, complaints);
    return complaints;
  }
  // Builds and connects.
  Driver& start() {
    context.emplace(ChannelContext{clock, names, stop});
    auto built = k_coap_driver.build(settings, *context);
    if (!built.ok()) throw std::runtime_error(built.status().what());
    driver = std::move(*built);
    if (!driver->connect(in(std::chrono::seconds(1))).ok()) throw std::runtime_error("not connected");
    return *driver;
  }
  Requests plan(size_t device = 0) const {
    std::vector<const TagSettings*> tags;
    for (const TagSettings& tag : settings.devices[device].tags) tags.push_back(&tag);
    auto requests = driver->plan(settings.devices[device], tags);
    return requests.ok() ? std::move(*requests) : Requests{};
  }
  // Reads every tag of a device once. The status is the first that is not ok.
  Status read(RecordingSink& sink, size_t device = 0, Duration within = std::chrono::seconds(10)) {
    for (const Request& request : plan(device)) {
      Exchange exchange = driver->read(request, sink, in(within));
      if (!exchange.status.ok()) return exchange.status;
    }
    return {};
  }
  WriteOutcome write(TagId tag, Value value, Duration within = std::chrono::seconds(10)) {
    Command command;
    command.tag = tag;
    command.value = std::move(value);
    command.expires = in(std::chrono::seconds(60));
    return driver->write(command, in(within));
  }
  Deadline in(Duration duration) const { return clock.now() + duration; }

  Names names;
  ShiftedClock clock;
  StopSignal stop;
  ChannelSettings settings;
  std::optional<ChannelContext> context;
  std::unique_ptr<Driver> driver;
};

}  // namespace ferrule

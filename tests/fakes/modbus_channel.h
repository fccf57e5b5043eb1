// Settings of a Modbus channel, written in a test as a user would write them.
#pragma once

#include <deque>
#include <optional>
#include <string>

#include "core/units.h"
#include "sdk/driver.h"

namespace ferrule {

extern const DriverType k_modbus_driver;

class ModbusChannel {
 public:
  ModbusChannel() {
    settings.name = "line";
    settings.driver = "modbus";
    settings.mark = {1, 1, 0};
    settings.fields = Fields(k_modbus_driver.channel_fields, {1, 1, 0});
  }

  ModbusChannel& tcp(uint16_t port, bool rtu = false) {
    Fields tcp(table("tcp"));
    tcp.set("host", "127.0.0.1", {2, 3, 0});
    tcp.set("port", int64_t{port}, {2, 4, 0});
    settings.fields.set("tcp", std::vector<Fields>{tcp}, {2, 1, 0});
    if (rtu) settings.fields.set("rtu_over_tcp", true, {2, 9, 0});
    return *this;
  }
  ModbusChannel& serial(const std::string& port, int64_t baud = 115200) {
    Fields serial(table("serial"));
    serial.set("port", port, {3, 3, 0});
    serial.set("baud", baud, {3, 4, 0});
    settings.fields.set("serial", std::vector<Fields>{serial}, {3, 1, 0});
    return *this;
  }
  // The device with this unit id; the tags that follow are its own.
  ModbusChannel& device(std::optional<int64_t> unit = 1) {
    DeviceSettings device;
    device.id = names.device("d" + std::to_string(settings.devices.size()));
    device.mark = {10, 1, 0};
    device.fields = Fields(k_modbus_driver.device_fields, device.mark);
    if (unit) device.fields.set("unit_id", *unit, {10, 2, 0});
    settings.devices.push_back(std::move(device));
    return *this;
  }
  TagId tag(const std::string& address, const std::string& type = "", bool writable = false, int64_t length = 0) {
    DeviceSettings& device = settings.devices.back();
    TagSettings tag;
    tag.id = names.tag(device.id, "t" + std::to_string(device.tags.size()));
    tag.mark = {20, 1, 0};
    tag.every = std::chrono::seconds(1);
    tag.writable = writable;
    tag.fields = Fields(k_modbus_driver.tag_fields, tag.mark);
    tag.fields.set("address", address, {20, 2, 0});
    if (!type.empty()) tag.fields.set("type", type, {20, 3, 0});
    if (length > 0) tag.fields.set("length", length, {20, 4, 0});
    device.tags.push_back(std::move(tag));
    return device.tags.back().id;
  }
  Fields& tag_fields() { return settings.devices.back().tags.back().fields; }
  Fields& device_fields() { return settings.devices.back().fields; }

  Complaints complaints() const {
    Complaints complaints;
    k_modbus_driver.check(settings, names, complaints);
    return complaints;
  }
  std::unique_ptr<Driver> build(FrameTrace* trace = nullptr) {
    context.emplace(ChannelContext{clock, names, stop, trace});
    auto driver = k_modbus_driver.build(settings, *context);
    return driver.ok() ? std::move(*driver) : nullptr;
  }
  Requests plan(const Driver& driver, size_t device = 0) const {
    std::vector<const TagSettings*> tags;
    for (const TagSettings& tag : settings.devices[device].tags) tags.push_back(&tag);
    auto requests = driver.plan(settings.devices[device], tags);
    return requests.ok() ? std::move(*requests) : Requests{};
  }
  Deadline in(Duration duration) const { return clock.now() + duration; }

  Names names;
  SystemClock clock;
  StopSignal stop;
  ChannelSettings settings;
  std::optional<ChannelContext> context;

 private:
  static std::span<const FieldSpec> table(std::string_view name) {
    for (const FieldSpec& field : k_modbus_driver.channel_fields) {
      if (field.name == name) return field.fields;
    }
    return {};
  }
};

}  // namespace ferrule

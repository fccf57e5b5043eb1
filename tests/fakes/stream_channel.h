// Settings of a channel of raw TCP, UDP or serial, written in a test as a user would write them.
#pragma once

#include <string>

#include "sdk/driver.h"
#include "tests/fakes/settings_of.h"

namespace ferrule {

extern const DriverType k_tcp_driver;
extern const DriverType k_serial_driver;

class StreamChannel {
 public:
  explicit StreamChannel(const DriverType& driver) : type(driver) {
    settings.name = "bench";
    settings.driver = driver.name;
    settings.mark = {1, 1, 0};
    settings.fields = Fields(driver.channel_fields, {1, 1, 0});
  }

  StreamChannel& channel(std::string_view name, FieldValue value) {
    settings.fields.set(name, std::move(value), {2, 1, 0});
    return *this;
  }
  // A map among the channel's fields.
  StreamChannel& channel(std::string_view name, const std::vector<Setting>& inside) {
    return channel(name, object(settings_of(table(type.channel_fields, name), inside)));
  }
  StreamChannel& device(const std::vector<Setting>& fields = {}) {
    DeviceSettings device;
    device.id = names.device("d" + std::to_string(settings.devices.size()));
    device.mark = {10, 1, 0};
    device.fields = settings_of(type.device_fields, fields);
    settings.devices.push_back(std::move(device));
    return *this;
  }
  TagId tag(const std::vector<Setting>& fields, bool writable = false) {
    DeviceSettings& device = settings.devices.back();
    TagSettings tag;
    tag.id = names.tag(device.id, "t" + std::to_string(device.tags.size()));
    tag.mark = {20, 1, 0};
    tag.every = std::chrono::seconds(1);
    tag.writable = writable;
    tag.fields = settings_of(type.tag_fields, fields);
    device.tags.push_back(std::move(tag));
    return device.tags.back().id;
  }
  std::vector<std::string> complaints() const {
    Complaints complaints;
    type.check(settings, names, complaints);
    std::vector<std::string> texts;
    for (const Complaint& complaint : complaints) texts.push_back(complaint.what);
    return texts;
  }

  const DriverType& type;
  Names names;
  ChannelSettings settings;

 private:
  static std::span<const FieldSpec> table(std::span<const FieldSpec> fields, std::string_view name) {
    for (const FieldSpec& field : fields) {
      if (field.name == name) return field.fields;
    }
    return {};
  }
};

}  // namespace ferrule

// Where each message goes: the templates of the settings with {gateway} and {device} filled in.
//
// For what concerns the gateway as a whole the level that holds {device} is left out: ferrule/v1/plant7/event.
// One thread; the reference that is returned is valid until the next call.
#pragma once

#include <string>
#include <string_view>

#include "core/names.h"
#include "sdk/settings.h"

namespace ferrule {

class Topics {
 public:
  Topics(const UplinkSettings& settings, std::string_view gateway, const Names& names);

  const std::string& data(DeviceId device) { return filled(data_, device); }
  const std::string& history(DeviceId device) { return filled(history_, device); }
  const std::string& event(DeviceId device) { return filled(event_, device); }
  const std::string& state() const { return state_; }
  const std::string& state(DeviceId device) { return filled(device_state_, device); }

  // Messages of different devices go to different topics, so a batch holds one device.
  bool data_per_device() const { return data_.find(kDevice) != std::string::npos; }
  bool history_per_device() const { return history_.find(kDevice) != std::string::npos; }

 private:
  static constexpr std::string_view kDevice = "{device}";
  const std::string& filled(const std::string& topic, DeviceId device);

  const Names& names_;
  std::string data_, history_, event_, state_, device_state_;  // {gateway} is filled in
  std::string filled_;
};

}  // namespace ferrule

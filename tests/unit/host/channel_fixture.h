// A channel of devices on a FakeLine, and a record of what it gave out.
#pragma once

#include <gtest/gtest.h>

#include <condition_variable>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "host/channel_output.h"
#include "tests/fakes/fake_driver.h"

namespace ferrule {

class RecordedOutput final : public ChannelOutput {
 public:
  bool poll(Poll&& poll) override {
    const std::lock_guard guard(lock_);
    changed_.notify_all();
    if (full) return ++refused, false;
    polls.push_back(std::move(poll));
    return true;
  }
  void device_state(DeviceId device, const DeviceState& state) override {
    const std::lock_guard guard(lock_);
    states.emplace_back(device, state);
    changed_.notify_all();
  }
  void say(bool problem, std::string text) override {
    const std::lock_guard guard(lock_);
    said.push_back((problem ? "! " : "  ") + text);
    changed_.notify_all();
  }

  // For tests with a thread: waits, generously, until `what` holds. `what` may look at the members.
  template <class What>
  bool wait(What&& what) {
    std::unique_lock guard(lock_);
    return changed_.wait_for(guard, std::chrono::seconds(30), std::forward<What>(what));
  }

  std::vector<Poll> polls;
  std::vector<std::pair<DeviceId, DeviceState>> states;
  std::vector<std::string> said;
  bool full = false;
  int refused = 0;

 private:
  std::mutex lock_;
  std::condition_variable changed_;
};

// A device with `count` tags t0, t1, ... of one period.
inline DeviceSettings make_device(Names& names, const std::string& name, size_t count, Duration every) {
  DeviceSettings device;
  device.id = names.device(name);
  for (size_t i = 0; i < count; ++i) {
    TagSettings tag;
    tag.id = names.tag(device.id, "t" + std::to_string(i));
    tag.every = every;
    tag.writable = true;
    device.tags.push_back(tag);
  }
  return device;
}

inline ChannelSettings make_channel(std::vector<DeviceSettings> devices) {
  ChannelSettings settings;
  settings.name = "line_a";
  settings.driver = "fake";
  settings.devices = std::move(devices);
  return settings;
}

}  // namespace ferrule

// Which devices of a channel answer, and when those that do not are asked again. Pure: times come in.
//
// A device whose polls timed out kPollsToOffline times in a row is offline. From then on its polls cost the line nothing; it is
// probed instead, with one request, at pauses that grow from kLeastPause to kMostPause. While other devices on the channel are
// not offline, all probes together take kProbeShare of the line's time at most. When one offline device answers, the others are
// each tried once at once: panels get their power back together.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "core/clock.h"

namespace ferrule {

class DeviceWatch {
 public:
  static constexpr uint32_t kPollsToOffline = 3;
  static constexpr Duration kLeastPause = std::chrono::seconds(1);
  static constexpr Duration kMostPause = std::chrono::seconds(30);
  static constexpr int64_t kProbeShare = 20;  // one part in

  explicit DeviceWatch(size_t devices) : devices_(devices) {}

  enum class Change : uint8_t { none, first_answer, back };
  // first_answer: since the start or since the link came up; back: it was offline.
  Change answered(size_t device, MonoTime now);
  // A poll of it ended with a timeout. True: it is offline from now on.
  bool poll_timed_out(size_t device, MonoTime now);

  bool online(size_t device) const { return devices_[device].state == State::online; }
  bool offline(size_t device) const { return devices_[device].state == State::offline; }

  std::optional<size_t> probe_due(MonoTime now) const;
  MonoTime next_probe() const;  // MonoTime::max(): nobody is offline
  // `took` is what it cost the line; `now` is when it ended.
  void probe_failed(size_t device, MonoTime now, Duration took);

  // The link broke: who was not offline is unknown until it answers. And back: the offline ones are probed at once.
  void link_lost();
  void link_back(MonoTime now);

 private:
  enum class State : uint8_t { unknown, online, offline };
  struct Device {
    State state = State::unknown;
    bool at_once = false;   // the next probe does not wait for its share of the line
    uint32_t timeouts = 0;  // polls in a row
    Duration pause{kLeastPause};
    MonoTime probe_at;
  };
  bool shared() const;  // somebody has to share the line with the probes
  MonoTime probe_time(const Device& device) const;
  void probe_all_at_once(MonoTime now);

  std::vector<Device> devices_;
  MonoTime share_from_;  // when the line can afford a probe again
};

}  // namespace ferrule

// Which devices of a channel answer, and when those that do not are asked again. Pure: times come in.
//
// A device (a unit of this line, or behind this endpoint) whose polls timed out `after` times in a row is offline. From then on
// its polls cost the line nothing; it is probed instead, with one request, at pauses that grow from kLeastPause to kMostPause.
// While other devices on the channel are not offline, all probes together take `share` of the line's time at most, unless one
// fits into time that nobody else wants. When one offline device answers, the others are each tried once at once, in half of the
// line's time at most: panels get their power back together.
//
// What a probe in vain costs is more than our wait where a gateway goes on waiting for the unit: the next answer of another
// device is that much later than its usual ones, and the delay counts as the probe's.
//
// A probe waits for kPatience times the longest that the device has taken to answer lately, so that a line can afford many of
// them; each kFullEach-th (but not where all are tried at once), and every one of a device that has never answered, waits for the
// device's whole timeout.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "core/clock.h"
#include "sdk/settings.h"

namespace ferrule {

class DeviceWatch {
 public:
  static constexpr Duration kLeastPause = std::chrono::seconds(1);
  static constexpr Duration kMostPause = std::chrono::seconds(5);
  static constexpr Duration kRoundPause = std::chrono::seconds(2);  // between two rounds that try all at once
  static constexpr int64_t kPatience = 4;
  static constexpr Duration kShortestProbe = std::chrono::milliseconds(100);
  static constexpr uint32_t kFullEach = 4;

  DeviceWatch(size_t devices, SickSettings settings) : settings_(settings), devices_(devices) {}

  enum class Change : uint8_t { none, first_answer, back };
  // first_answer: since the start or since the link came up; back: it was offline. `took`: the exchange.
  Change answered(size_t device, MonoTime now, Duration took);
  // A poll of it ended with a timeout. True: it is offline from now on.
  bool poll_timed_out(size_t device, MonoTime now);

  // Polls in a row that timed out, while it is not offline.
  uint32_t timeouts(size_t device) const { return devices_[device].timeouts; }

  bool online(size_t device) const { return devices_[device].state == State::online; }
  bool offline(size_t device) const { return devices_[device].state == State::offline; }

  // How long the next probe of this device waits.
  Duration probe_wait(size_t device, Duration timeout) const;
  // `free_until`: nobody else wants the line before that. `timeout`: of the slowest device.
  std::optional<size_t> probe_due(MonoTime now, MonoTime free_until, Duration timeout) const;
  // When to ask again, after probe_due() gave nothing. MonoTime::max(): nobody is offline.
  MonoTime next_probe(MonoTime now) const;
  // It took so long, until `now`, and the line is known to be busy with it for `beyond` more.
  void probe_failed(size_t device, MonoTime now, Duration took, Duration beyond = Duration::zero());
  // Not before this: a late answer could be taken for the probe's, or a gateway is busy.
  void put_off(size_t device, MonoTime until) { devices_[device].probe_at = until; }

  // The link broke: who was not offline is unknown until it answers. And back: the offline ones are probed at once.
  void link_lost();
  void link_back(MonoTime now);

 private:
  enum class State : uint8_t { unknown, online, offline };
  struct Device {
    State state = State::unknown;
    bool at_once = false;   // the next probe may have half of the line
    uint32_t timeouts = 0;  // polls in a row
    uint32_t probes = 0;    // in vain, in a row
    Duration pause{kLeastPause};
    MonoTime probe_at;
    Duration slowest{0};  // answer, of late; 0: it has never answered
    Duration beyond{0};   // our wait: how long its probes in vain kept the line, of late
  };
  bool shared() const;  // somebody has to share the line with the probes
  MonoTime probe_time(const Device& device) const;
  void probe_all_at_once(MonoTime now);
  void charge(MonoTime free, Duration took, Duration beyond);

  SickSettings settings_;
  std::vector<Device> devices_;
  MonoTime share_from_, half_from_;  // when the line can afford a probe again
  std::optional<size_t> in_vain_;    // the device whose probe was the last question
  Duration in_vain_took_{0}, in_vain_beyond_{0};
  MonoTime next_round_ = MonoTime::min();  // not before
};

}  // namespace ferrule

// What happens to a sample between the device and the uplinks: raw value -> engineering value, limits, named bits and labels,
// latest value, staleness, deadband. What is left over is a record for the uplinks.
//
// The Bus has no thread and no lock of its own: host's bus thread is its only caller. Cost: no allocation per sample.
//
// The order for each sample: `invalid` raw values -> bad out_of_range; NaN and infinity -> bad not_a_number; scale and offset
// (result is float64 unless scale = 1 and offset = 0, then the type stays); `valid` -> bad out_of_range; labels -> text (an
// unknown number stays a number, uncertain out_of_range); bits -> one boolean sample each. Then the latest value and the watch
// see it; then the deadband decides whether it goes on.
//
//   - An `invalid` value is a bit pattern: 0x8000 also matches the -32768 that a signed 16-bit tag makes of it (same for 32
//   bits).
//   - Bits are of the raw value and follow the samples of the poll; those of a bad or uncertain sample are bad or uncertain with
//     its reason. They take deadband, `at_least` and `stale_after` from their tag.
//   - Booleans, text and bytes are neither scaled nor limited.
//
// Forwarded is: every good sample of a tag without a deadband; with one, a change beyond it since the last forwarded value, any
// change of quality, and whatever `at_least` says; booleans and text with a deadband set: every change. Of bad samples the first,
// every change of reason, and one each kBadHeartbeat: an outage must not fill the outbox with nothing. Uncertain samples go as
// good ones do, and a change of their reason counts as one of quality. With `deadband` and `deadband_percent` a change beyond
// either is enough.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "bus/tag_table.h"
#include "core/clock.h"
#include "core/record.h"
#include "sdk/settings.h"

namespace ferrule {

inline constexpr Duration kBadHeartbeat = std::chrono::seconds(60);
// Staleness is found this much late at most; expire() asks to be called no more often.
inline constexpr Duration kStaleGrain = std::chrono::milliseconds(50);

// One poll of one group of one device, as the channel runner took it. Never empty.
struct Poll {
  DeviceId device = DeviceId::none;
  Samples samples;  // raw
};

struct BusCounters {  // samples since the start, named bits and stale ones included; read = forwarded + suppressed
  uint64_t read = 0;
  uint64_t forwarded = 0;
  uint64_t suppressed = 0;
  uint64_t bad = 0;  // of those read
};

class Bus {
 public:
  // Sees samples after scaling and before the deadband, when the tag table has them already. Must not call the Bus: a sample
  // that a rule derives here is queued by the caller and given to take() as a poll of its own (the virtual device's) once the
  // present call has returned.
  class Watch {
   public:
    virtual ~Watch() = default;
    virtual bool wants(TagId tag) const = 0;  // asked once per configure()
    // All of one poll in one call, wanted or not: what a LiveFeed publishes. wall_offset: as in TagTable::update.
    virtual void processed(std::span<const Sample> /*samples*/, Duration /*wall_offset*/) {}
    // Then each sample of a wanted tag, in order.
    virtual void sample(const Sample& sample) = 0;
  };

  Bus(const Clock& clock, const Names& names, TagTable& table);
  ~Bus();

  // Takes the tags of these settings (devices' and rules' `set` tags); tags with unchanged settings keep their state. `watch` may
  // be null and must outlive the next configure(). Call expire() afterwards: what it had asked for may be too late now.
  void configure(const std::vector<ChannelSettings>& channels, const std::vector<RuleSettings>& rules, Watch* watch);

  // What goes north of this poll; null when the deadband kept everything. Samples of unknown tags are dropped and counted as
  // suppressed.
  RecordPtr take(Poll&& poll);

  // Staleness. Appends a record per device that has tags gone stale (uncertain, stale, with the last value; sent once until a new
  // reading comes), and returns when it wants to be called next (MonoTime::max(): no tag can go stale). Such a sample is stamped
  // `now`: the value was good when it was read. A bad tag says so already and does not go stale.
  MonoTime expire(MonoTime now, std::vector<RecordPtr>& out);

  BusCounters counters() const;  // bus thread; host copies it for the others

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace ferrule

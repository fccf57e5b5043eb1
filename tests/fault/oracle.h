// What an outbox owes, known without looking into it: which records were committed, who acknowledged what, what came out.
//
// The one who drives an outbox tells the oracle what it did and what it got; the oracle counts what must not be. Pure.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "core/clock.h"
#include "core/record.h"

namespace ferrule {

struct Verdict {
  uint64_t lost = 0;       // samples that were committed, not acknowledged, and did not come back
  uint64_t wrong = 0;      // records that came back with another (boot, seq), other values or other names
  uint64_t unordered = 0;  // not in the order of positions
  uint64_t stale = 0;      // came back though acknowledged longer ago than cursors may be behind
  uint64_t unknown = 0;    // came back from nowhere
  uint64_t committed = 0, acknowledged = 0, repeated = 0,
           uncommitted = 0;  // how much was tried: samples, but records for repeated

  uint64_t errors() const { return lost + wrong + unordered + stale + unknown; }
};

class Oracle {
 public:
  Oracle(size_t uplinks, Duration flush_after, Duration cursors_behind)
      : logs_(uplinks), flush_after_(flush_after), cursors_behind_(cursors_behind) {}

  void appended(size_t uplink, uint64_t position, uint64_t boot, uint64_t seq, size_t samples, MonoTime now) {
    logs_[uplink][position] = {boot, seq, samples, now, {}, false, false, false};
  }

  // The receiver has it, which is not to say that the outbox knows that for good.
  void acknowledged(size_t uplink, uint64_t position, MonoTime now) {
    const auto known = logs_[uplink].find(position);
    if (known == logs_[uplink].end()) {
      ++verdict_.unknown;
      return;
    }
    Told& told = known->second;
    told.acknowledged = true;
    told.acknowledged_at = now;
    verdict_.acknowledged += told.samples;
  }

  // A tick, without trouble.
  void passed(MonoTime now) {
    for (Log& log : logs_) {
      for (auto& [position, told] : log) {
        if (told.acknowledged) {
          told.forgotten = told.forgotten || now - told.acknowledged_at >= cursors_behind_;
        } else if (now - told.appended_at >= flush_after_) {
          commit(told);
        }
      }
    }
  }

  // commit() said that all is on the disk.
  void committed() {
    for (Log& log : logs_) {
      for (auto& [position, told] : log) {
        if (!told.acknowledged) commit(told);
      }
    }
  }

  // After a start: `came` is everything that the outbox has for this uplink, in its order.
  void started(size_t uplink, const std::vector<Envelope>& came, const auto& intact) {
    Log& log = logs_[uplink];
    Log left;
    uint64_t last = 0;
    for (const Envelope& envelope : came) {
      if (envelope.position <= last) ++verdict_.unordered;
      last = std::max(last, envelope.position);
      const auto known = log.find(envelope.position);
      if (known == log.end()) {
        ++verdict_.unknown;
        continue;
      }
      Told told = known->second;
      if (told.boot != envelope.boot || told.seq != envelope.seq || !intact(envelope, told.samples)) ++verdict_.wrong;
      if (told.forgotten) ++verdict_.stale;
      if (told.acknowledged) ++verdict_.repeated;
      told.acknowledged = false;
      commit(told);  // it is in the file
      left[envelope.position] = told;
    }
    for (const auto& [position, told] : log) {
      if (told.acknowledged || left.contains(position)) continue;
      (told.committed ? verdict_.lost : verdict_.uncommitted) += told.samples;
    }
    log = std::move(left);
  }

  const Verdict& verdict() const { return verdict_; }
  size_t waiting(size_t uplink) const { return logs_[uplink].size(); }

 private:
  struct Told {  // one record, as one uplink should see it
    uint64_t boot = 0, seq = 0;
    size_t samples = 0;
    MonoTime appended_at, acknowledged_at;
    bool committed = false;     // must come back after a cut
    bool acknowledged = false;  // may
    bool forgotten = false;     // must not
  };
  using Log = std::map<uint64_t, Told>;

  void commit(Told& told) {
    if (!told.committed) verdict_.committed += told.samples;
    told.committed = true;
  }

  std::vector<Log> logs_;
  const Duration flush_after_, cursors_behind_;
  Verdict verdict_;
};

}  // namespace ferrule

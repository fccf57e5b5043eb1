// Losses between the moment something was lost and the moment the caller has surely passed the news on. Pure.
//
// A loss is written to the file in the transaction that loses the samples, is handed out once per start, and leaves the file
// kKeepTaken later: by then the record that reports it lies in the outbox itself. A crash in between reports it twice. Losses of
// one uplink for one reason that nobody has taken yet are added up, so the book stays short whatever happens.
#pragma once

#include <cstdint>
#include <vector>

#include "core/clock.h"
#include "outbox/store.h"

namespace ferrule::outbox {

class LossBook {
 public:
  static constexpr Duration kKeepTaken = std::chrono::seconds(5);

  void load(const std::vector<StoredLoss>& losses);
  void add(const Loss& loss);
  std::vector<Loss> take(MonoTime now);

  // What the next transaction has to write and erase; written() after it succeeded.
  void plan(Batch& batch, MonoTime now) const;
  void written(MonoTime now);
  bool due(MonoTime now) const;  // plan() would say something

 private:
  struct Open {
    StoredLoss stored;
    bool in_file = false;
    bool changed = false;
    bool taken = false;
    MonoTime taken_at;
  };
  static bool over(const Open& open, MonoTime now) { return open.taken && now - open.taken_at >= kKeepTaken; }

  std::vector<Open> open_;
  int64_t last_id_ = 0;
};

}  // namespace ferrule::outbox

// The memory that RTU needs because its frames carry no number: which replies may still arrive although nobody waits for them any
// more, and so which questions could be answered by one that belongs to another.
//
// A late reply is dangerous only to a question of the same unit, function and length but another address. The same question may
// be repeated at once; any other is asked at once too, because a late reply does not fit it. Pure; one thread.
#pragma once

#include <vector>

#include "core/clock.h"
#include "modbus/reply.h"

namespace ferrule::modbus {

class OverdueReplies {
 public:
  // `question`, sent at `sent`, has not been answered by `now`.
  void missed(const Question& question, MonoTime sent, MonoTime now);
  // It was answered. Where an earlier try had been given up, one of the two replies is still to come.
  void answered(const Question& question, MonoTime sent, MonoTime now);
  // A reply from `unit` came that answers no open question; `data_bytes` as in Question, 0 for a write.
  void came_late(uint8_t unit, uint8_t function, size_t data_bytes);
  // From when on nothing can be mistaken for the answer to this question. Not after `now`: ask at once.
  MonoTime free_at(const Question& question, MonoTime now);

  bool expects_from(uint8_t unit) const;
  bool empty() const { return owed_.empty(); }

 private:
  struct Owed {
    Question question;
    MonoTime first_sent;
    MonoTime until;
    int replies = 1;
  };
  Owed* find(const Question& question);

  static constexpr size_t kMost = 64;  // the oldest goes first: with so many silent units it is long past
  std::vector<Owed> owed_;
};

}  // namespace ferrule::modbus

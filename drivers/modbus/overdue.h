// The memory that RTU needs because its frames carry no number: which replies may still arrive although nobody waits for them any
// more, and so which questions could be answered by one that belongs to another.
//
// A reply that may still come is dangerous to every other question of the same unit and function: its data where the length fits,
// its exception always. So after a miss only the same question is asked again; others of that unit and function are held off
// until the unit's late window has passed since the question was sent last. A read may be repeated: whichever of its replies
// comes, it is of the same registers. A write may not: an answer to the first would pass for one to the second. Pure; one thread.
#pragma once

#include <array>
#include <optional>
#include <vector>

#include "core/clock.h"
#include "modbus/reply.h"

namespace ferrule::modbus {

// How long after a question each unit may still answer it. Learnt windows grow with each reply that was later.
class LateWindows {
 public:
  static constexpr Duration kMost = std::chrono::minutes(2);

  explicit LateWindows(Duration initial = std::chrono::seconds(2)) { windows_.fill({initial, false}); }
  void set(uint8_t unit, Duration window, bool fixed) { windows_[unit] = {window, fixed}; }
  Duration of(uint8_t unit) const { return windows_[unit].length; }
  void seen(uint8_t unit, Duration latency);

 private:
  struct Window {
    Duration length;
    bool fixed;  // the user has said it
  };
  std::array<Window, 256> windows_;
};

class OverdueReplies {
 public:
  explicit OverdueReplies(const LateWindows& windows) : windows_(windows) {}

  // `question`, sent at `sent`, was not answered, or by something that may have been another's.
  void missed(const Question& question, MonoTime sent, MonoTime now);
  // It was answered. Where it had been missed before, it is unknown which of its replies that was.
  void answered(const Question& question, MonoTime sent, MonoTime now);
  // A reply from `unit` came that answers no open question. `data_bytes` as in Question, 0 for a write; nothing for an exception.
  // `came`: nothing where it may have lain there for long, unread.
  void came_late(uint8_t unit, uint8_t function, std::optional<size_t> data_bytes, std::optional<MonoTime> came);
  // From when on nothing can be mistaken for the answer to this question. Not after `now`: ask at once.
  MonoTime free_at(const Question& question, MonoTime now) const;

  bool expects_from(uint8_t unit, MonoTime now) const;
  bool expects_any(MonoTime now) {
    forget_old(now);
    return !owed_.empty();
  }
  Duration window(uint8_t unit) const { return windows_.of(unit); }

 private:
  struct Owed {
    Question question;
    MonoTime sent;   // the last time
    MonoTime until;  // when its reply is out of the way
    int times = 1;   // that it was sent
  };
  void forget_old(MonoTime now);

  static constexpr size_t kMost = 512;      // the oldest goes first: with so many silent units it is long past
  static constexpr int kRememberedFor = 8;  // windows, so that a reply later than its window is recognised and widens it
  LateWindows windows_;
  std::vector<Owed> owed_;
};

}  // namespace ferrule::modbus

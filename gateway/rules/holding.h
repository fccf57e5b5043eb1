// A condition with a holding time: met once it has been known to be true for so long.
//
// A bad evaluation neither starts nor ends anything: a condition that is met stays met, and one that is being held pauses, so
// that only time counts in which it is known to be true.
#pragma once

#include <algorithm>
#include <optional>

#include "core/clock.h"

namespace ferrule {

class Holding {
 public:
  explicit Holding(Duration hold) : hold_(hold) {}

  void update(std::optional<bool> truth, MonoTime at) {
    elapse(at);
    if (!truth) {
      pause(at);
    } else if (!*truth) {
      state_ = State::no;
      held_ = Duration{0};
    } else if (state_ == State::no || state_ == State::paused) {
      state_ = State::held;
      since_ = at;
      elapse(at);
    }
    known_false_ = truth && !*truth;
  }

  // Time passed without news.
  void elapse(MonoTime now) {
    if (state_ == State::held && now >= due()) state_ = State::met;
  }

  void reset() {
    state_ = State::no;
    held_ = Duration{0};
    known_false_ = false;
  }

  bool met() const { return state_ == State::met; }
  bool known_false() const { return known_false_; }  // at the last evaluation
  // When it will be met if nothing happens until then; max: not by waiting.
  MonoTime due() const { return state_ == State::held ? since_ + (hold_ - held_) : MonoTime::max(); }

 private:
  enum class State : uint8_t { no, held, paused, met };

  void pause(MonoTime at) {
    if (state_ != State::held) return;
    state_ = State::paused;
    held_ += std::max(at - since_, Duration{0});
  }

  Duration hold_;
  Duration held_{0};  // before since_
  MonoTime since_;
  State state_ = State::no;
  bool known_false_ = false;
};

}  // namespace ferrule

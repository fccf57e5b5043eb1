// When to connect, and when to give up waiting for the answer. Pure: times and chances come in, what to do comes out.
#pragma once

#include <algorithm>

#include "core/clock.h"
#include "core/status.h"
#include "north/backoff.h"
#include "sdk/settings.h"

namespace ferrule {

class LinkState {
 public:
  // An attempt that is not answered this long after its connect timeout is given up: the transport has forgotten it. Paho looks
  // at its timeouts every 3 s.
  static constexpr Duration kGrace = std::chrono::seconds(6);

  enum class Todo { nothing, connect, give_up };

  explicit LinkState(const MqttSettings& settings)
      : backoff_(settings.retry_least, settings.retry_most),
        patience_(settings.connect_timeout + kGrace),
        worth_(settings.retry_most) {}

  // What is due. connect: the caller starts an attempt now. give_up: the caller closes the link and then calls lost().
  Todo tick(MonoTime now) {
    if (state_ == State::up || now < at_) return Todo::nothing;
    if (state_ == State::connecting) return Todo::give_up;
    state_ = State::connecting;
    began_ = now;
    at_ = now + patience_;
    return Todo::connect;
  }

  void connected(MonoTime now) {
    state_ = State::up;
    since_ = now;
  }

  // `chance` in [0, 1). A session that lived for the longest pause starts the pauses anew.
  // The pause counts from the beginning of an attempt, so that one that waited in vain is followed by the next.
  void lost(Fault why, double chance, MonoTime now) {
    if (state_ == State::up && now - since_ >= worth_) backoff_.reset();
    const MonoTime from = state_ == State::connecting ? began_ : now;
    state_ = State::down;
    at_ = std::max(now, from + backoff_.next(why, chance));
  }

  bool up() const { return state_ == State::up; }
  bool connecting() const { return state_ == State::connecting; }
  MonoTime wake_at() const { return up() ? MonoTime::max() : at_; }

 private:
  enum class State { down, connecting, up };

  Backoff backoff_;
  const Duration patience_;
  const Duration worth_;
  State state_ = State::down;
  MonoTime at_ = MonoTime::min();  // down: the next attempt; connecting: patience ends
  MonoTime since_;                 // up
  MonoTime began_;                 // connecting
};

}  // namespace ferrule

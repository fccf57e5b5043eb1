// Tells the operator about one uplink without flooding the log: a problem when it begins and when its kind changes, the recovery
// when a problem was told; the same again at most once a minute, so that a flapping link is two lines a minute. One thread.
#pragma once

#include <functional>
#include <string>
#include <utility>

#include "core/clock.h"
#include "core/status.h"

namespace ferrule {

class Herald {
 public:
  explicit Herald(std::function<void(bool problem, std::string text)> say) : say_(std::move(say)) {}

  void problem(Fault kind, std::string text, MonoTime now) {
    if (told_ == kind && (troubled_ || now < again_)) return;
    told_ = kind;
    troubled_ = true;
    again_ = now + kPause;
    if (say_) say_(true, std::move(text));
  }

  void well(std::string text) {
    if (!std::exchange(troubled_, false)) return;
    if (say_) say_(false, std::move(text));
  }

 private:
  static constexpr Duration kPause = std::chrono::minutes(1);
  const std::function<void(bool, std::string)> say_;
  Fault told_ = Fault::none;
  bool troubled_ = false;
  MonoTime again_ = MonoTime::min();
};

}  // namespace ferrule

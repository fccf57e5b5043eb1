// Tells the operator once that a channel does not keep its periods, and once that it does again. Pure; one thread.
//
// Overruns in three spans of 10 s in a row are a line that cannot carry its plan (a single stall, a device that goes silent, is
// not); half a minute without any is a line that can.
#pragma once

#include <cstdint>

#include "core/clock.h"

namespace ferrule {

class OverrunWatch {
 public:
  enum class News : uint8_t { none, too_slow, well };

  // `overruns` since the start. To be called at each poll's end, while there is a link.
  News note(uint64_t overruns, MonoTime now) {
    if (now < span_ends_) return News::none;
    const bool missed = overruns != seen_;
    const bool quiet_span = span_ends_ == MonoTime() || now - span_ends_ > kSpan;  // nothing was polled meanwhile
    seen_ = overruns;
    span_ends_ = now + kSpan;
    if (quiet_span) return News::none;
    in_a_row_ = missed == last_ ? in_a_row_ + 1 : 1;
    last_ = missed;
    if (in_a_row_ < kSpans || missed == slow_) return News::none;
    slow_ = missed;
    return slow_ ? News::too_slow : News::well;
  }
  // What was missed until now, without a link, says nothing about the line: a new span begins.
  void no_link(uint64_t overruns, MonoTime now) {
    seen_ = overruns;
    span_ends_ = now + kSpan;
    in_a_row_ = 0;
  }

 private:
  static constexpr Duration kSpan = std::chrono::seconds(10);
  static constexpr uint32_t kSpans = 3;
  MonoTime span_ends_;
  uint64_t seen_ = 0;
  uint32_t in_a_row_ = 0;
  bool last_ = false;
  bool slow_ = false;
};

}  // namespace ferrule

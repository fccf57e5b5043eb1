// The samples of one tag over the last so-and-so much time, for one function. Bounded; adding and reading cost a constant on
// average, whatever the length.
#pragma once

#include <optional>
#include <vector>

#include "core/sample.h"
#include "rules/syntax.h"

namespace ferrule {

class Window {
 public:
  Window(WindowKind kind, Duration span) : kind_(kind), span_(span) {}

  // A reading. Bad samples and what is not a number are left out. One that is older than its predecessor counts as equally old.
  void add(const Sample& sample);

  // The function's value over (now - span, now], for `rate` with both ends; nothing when the window holds too little: no sample,
  // or for `rate` not two of different times. The sum of huge values may be infinite.
  std::optional<double> value(MonoTime now);

  // Why the value over that time is uncertain; nothing: it is good.
  std::optional<Reason> doubt(MonoTime now) const;

  WindowKind kind() const { return kind_; }
  Duration span() const { return span_; }
  size_t size() const { return count_; }

 private:
  struct Point {
    MonoTime at;
    double value = 0;
    double sum = 0;  // of this and all later points that stood in the ring when it was made
  };

  Point& point(size_t index) { return ring_[(head_ + index) % ring_.size()]; }
  void push(MonoTime at, double value);
  void pop_front();
  void pop_back() { --count_; }
  void evict(MonoTime now);
  void grow();
  double total();

  WindowKind kind_;
  Duration span_;
  std::vector<Point> ring_;
  size_t head_ = 0;
  size_t count_ = 0;

  // For the average. A running sum would keep the rounding errors of values long gone for ever; so the ring has a front, whose
  // points know the sum from there to the front's end, and a back with one sum. The front is remade when it is used up.
  size_t front_ = 0;
  double back_sum_ = 0;

  bool doubted_ = false;
  MonoTime doubted_at_;
  Reason doubt_ = Reason::none;
};

}  // namespace ferrule

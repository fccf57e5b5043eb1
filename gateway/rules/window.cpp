#include "rules/window.h"

#include <algorithm>
#include <cmath>

#include "rules/limits.h"

namespace ferrule {

void Window::add(const Sample& sample) {
  if (sample.quality == Quality::bad || !sample.value.is_number()) return;
  const double number = *sample.value.number();
  if (!std::isfinite(number)) return;
  const MonoTime at = count_ == 0 ? sample.read_at : std::max(sample.read_at, point(count_ - 1).at);
  if (sample.quality == Quality::uncertain) {
    doubted_ = true;
    doubted_at_ = at;
    doubt_ = sample.reason;
  }
  evict(at);
  push(at, number);
}

void Window::push(MonoTime at, double value) {
  // Of points for a minimum or maximum only those matter that no later one beats.
  if (kind_ == WindowKind::least) {
    while (count_ > 0 && point(count_ - 1).value >= value) pop_back();
  }
  if (kind_ == WindowKind::most) {
    while (count_ > 0 && point(count_ - 1).value <= value) pop_back();
  }
  if (count_ == kMostWindowSamples) pop_front();
  if (count_ == ring_.size()) grow();
  ++count_;
  point(count_ - 1) = {at, value, 0};
  back_sum_ += value;
}

void Window::grow() {
  std::vector<Point> larger(std::min(std::max<size_t>(16, ring_.size() * 2), kMostWindowSamples));
  for (size_t i = 0; i < count_; ++i) larger[i] = point(i);
  ring_ = std::move(larger);
  head_ = 0;
}

void Window::pop_front() {
  head_ = (head_ + 1) % ring_.size();
  --count_;
  if (kind_ != WindowKind::average) return;
  if (front_ > 0) {
    --front_;
  } else {
    total();  // it stood in the back, of which only the sum was known
  }
}

void Window::evict(MonoTime now) {
  // `rate` keeps the sample at the very start of the window: a change over 10 s needs both ends.
  const MonoTime start = kind_ == WindowKind::rate ? now - span_ - Duration(1) : now - span_;
  while (count_ > 0 && point(0).at <= start) pop_front();
}

double Window::total() {
  if (count_ == 0) {
    front_ = 0;
    back_sum_ = 0;
    return 0;
  }
  if (front_ == 0) {
    double sum = 0;
    for (size_t i = count_; i > 0; --i) {
      Point& one = point(i - 1);
      sum += one.value;
      one.sum = sum;
    }
    front_ = count_;
    back_sum_ = 0;
  }
  return point(0).sum + back_sum_;
}

std::optional<double> Window::value(MonoTime now) {
  evict(now);
  if (count_ == 0) return std::nullopt;
  switch (kind_) {
    case WindowKind::average: return total() / static_cast<double>(count_);
    case WindowKind::least:
    case WindowKind::most: return point(0).value;
    case WindowKind::rate: break;
  }
  const Point& first = point(0);
  const Point& last = point(count_ - 1);
  const double seconds = std::chrono::duration<double>(last.at - first.at).count();
  if (seconds <= 0) return std::nullopt;
  return (last.value - first.value) / seconds;
}

std::optional<Reason> Window::doubt(MonoTime now) const {
  if (!doubted_ || doubted_at_ <= now - span_) return std::nullopt;
  return doubt_;
}

}  // namespace ferrule

// A queue between threads with a limit. Items cross in batches: the consumer takes everything that waits in one go, so that a
// busy queue costs one wake-up and one lock per batch, not per item.
//
// Any number of producers; one consumer. push() never blocks: a full queue says so and the producer decides what is lost and
// counts it. close() wakes the consumer; what was pushed before is still drained.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <vector>

#include "core/clock.h"

namespace ferrule {

template <class T>
class BoundedQueue {
 public:
  explicit BoundedQueue(size_t limit) : limit_(limit) {}

  // False when full or closed: `item` is left untouched and the caller counts the loss.
  [[nodiscard]] bool push(T&& item) {
    {
      const std::lock_guard guard(lock_);
      if (closed_ || items_.size() >= limit_) return false;
      items_.push_back(std::move(item));
    }
    ready_.notify_one();
    return true;
  }

  // For items whose number the producer itself bounds (a window, one request): never refused unless closed.
  void push_always(T&& item) {
    {
      const std::lock_guard guard(lock_);
      if (closed_) return;
      items_.push_back(std::move(item));
    }
    ready_.notify_one();
  }

  // Waits until there is something, the queue is closed, wake() was called, or `until` has come. Swaps everything that waits into
  // `out` (which must be empty; its storage is reused). Returns false once closed and empty.
  bool drain(std::vector<T>& out, MonoTime until) {
    std::unique_lock guard(lock_);
    ready_.wait_until(guard, until, [this] { return !items_.empty() || closed_ || woken_; });
    woken_ = false;
    out.swap(items_);
    return !(closed_ && out.empty());
  }

  // As drain, without a time limit.
  bool drain(std::vector<T>& out) {
    std::unique_lock guard(lock_);
    ready_.wait(guard, [this] { return !items_.empty() || closed_ || woken_; });
    woken_ = false;
    out.swap(items_);
    return !(closed_ && out.empty());
  }

  // Makes the next or current drain return, perhaps with nothing.
  void wake() {
    {
      const std::lock_guard guard(lock_);
      woken_ = true;
    }
    ready_.notify_one();
  }

  void close() {
    {
      const std::lock_guard guard(lock_);
      closed_ = true;
    }
    ready_.notify_all();
  }

  size_t size() const {
    const std::lock_guard guard(lock_);
    return items_.size();
  }

 private:
  mutable std::mutex lock_;
  std::condition_variable ready_;
  std::vector<T> items_;
  const size_t limit_;
  bool closed_ = false;
  bool woken_ = false;
};

}  // namespace ferrule

// Data that lives inside its lock: there is no way to reach it without holding the lock.
#pragma once

#include <mutex>
#include <utility>

namespace ferrule {

template <class T>
class Guarded {
 public:
  template <class... Args>
  explicit Guarded(Args&&... args) : data_(std::forward<Args>(args)...) {}

  // Calls `use(data)` with the lock held and returns what it returns. Keep it short; never call out of it.
  template <class Use>
  decltype(auto) with(Use&& use) {
    const std::lock_guard guard(lock_);
    return std::forward<Use>(use)(data_);
  }
  template <class Use>
  decltype(auto) with(Use&& use) const {
    const std::lock_guard guard(lock_);
    return std::forward<Use>(use)(data_);
  }

  T copy() const {
    const std::lock_guard guard(lock_);
    return data_;
  }

 private:
  mutable std::mutex lock_;
  T data_;
};

}  // namespace ferrule

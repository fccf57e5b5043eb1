// Tells a channel's thread to come home: a blocking wait in `link` ends within milliseconds of raise().
// raise(), raised() and fd() may be called on any thread.
#pragma once

#include <atomic>

namespace ferrule {

class StopSignal {
 public:
  StopSignal();
  ~StopSignal();
  StopSignal(const StopSignal&) = delete;
  StopSignal& operator=(const StopSignal&) = delete;

  void raise();
  bool raised() const { return raised_.load(std::memory_order_acquire); }
  int fd() const { return fd_; }  // readable once raised; for poll()

 private:
  std::atomic<bool> raised_{false};
  int fd_;
};

}  // namespace ferrule

// Waits for the descriptors of a channel's sessions and lets those work that have something to do.
#pragma once

#include "core/clock.h"
#include "core/status.h"
#include "link/descriptor.h"
#include "sdk/stop_signal.h"

namespace ferrule::coap {

class Turning {
 public:
  virtual ~Turning() = default;
  virtual void turn() = 0;
};

// One thread. Lives longer than what was added to it.
class Turner {
 public:
  Turner(const Clock& clock, const StopSignal& stop) : clock_(clock), stop_(stop) {}
  Status open();
  bool is_open() const { return epoll_.open(); }
  void close() { epoll_.reset(); }

  Status add(int fd, Turning& turning);
  void remove(int fd);  // harmless where it is not there

  // Until something has happened, which has then been worked off, or until the deadline (timeout) or the stop signal (cancelled).
  Status wait(Deadline deadline);
  // What has happened already; never waits.
  void turn();

 private:
  const Clock& clock_;
  const StopSignal& stop_;
  Descriptor epoll_;
};

}  // namespace ferrule::coap

// Turns a host name into addresses without ever holding a channel's thread: the system's resolver may block for half a minute, so
// it runs on a thread of its own and the caller waits for it until its deadline or the stop signal.
#pragma once

#include <sys/socket.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/clock.h"
#include "core/status.h"
#include "sdk/stop_signal.h"

namespace ferrule {

struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t length = 0;
};

// One per stream; used on its thread. At most one lookup is under way: one that outlives its caller is waited for again by the
// next.
class NameLookup {
 public:
  NameLookup();
  ~NameLookup();
  Result<std::vector<SocketAddress>> find(const std::string& host, uint16_t port, Deadline deadline, const Clock& clock,
                                          const StopSignal& stop);

 private:
  struct Job;
  std::shared_ptr<Job> job_;
};

}  // namespace ferrule

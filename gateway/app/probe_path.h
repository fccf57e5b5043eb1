// The two ways of `ferrule probe` to a line: a driver of its own, or the running gateway, on whose channel's thread it asks.
// Blocking.
#pragma once

#include <memory>
#include <string>

#include "app/client_commands.h"
#include "core/status.h"
#include "sdk/prober.h"

namespace ferrule {

class ProbePath {
 public:
  virtual ~ProbePath() = default;
  virtual ProbeAnswer ask(const ProbeQuestion& question) = 0;
};

struct ProbeTarget {
  std::string tcp;  // "192.168.10.20" or "192.168.10.20:1502"
  bool rtu_over_tcp = false;
  std::string serial;  // "/dev/ttyUSB0"
  int64_t baud = 9600;
  std::string parity = "none";
  int64_t stop_bits = 1;
  std::string channel;  // of the running gateway
};

// invalid: the target is none, or two. disconnected: nobody is there.
Result<std::unique_ptr<ProbePath>> open_probe_path(const ProbeTarget& target, const ClientCall& call);

}  // namespace ferrule

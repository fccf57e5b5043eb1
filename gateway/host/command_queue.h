// Commands and probes on their way to a channel's thread, and what that thread sleeps on.
//
// push() on any thread; the rest on the channel's.
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <vector>

#include "sdk/driver.h"

namespace ferrule {

struct WaitingCommand {
  Command command;
  std::function<void(WriteOutcome)> done;
  MonoTime came{};  // on the channel
};

struct WaitingProbe {
  ProbeQuestion question;
  std::function<void(ProbeAnswer)> done;
};

class CommandQueue {
 public:
  static constexpr size_t kLimit = 100;
  static constexpr size_t kProbeLimit = 8;

  // False when full or closed: `waiting` is left untouched.
  bool push(WaitingCommand&& waiting);
  std::optional<WaitingCommand> pop();
  bool empty() const;  // of commands

  bool push(WaitingProbe&& waiting);  // as above
  std::optional<WaitingProbe> pop_probe();
  bool probe_waits() const;

  // Sleeps until something was pushed or wake() was called since the last wait, or for this long.
  void wait(Duration at_most);
  void wake();   // any thread
  void close();  // refuses what comes from now on

 private:
  mutable std::mutex lock_;
  std::condition_variable changed_;
  std::vector<WaitingCommand> waiting_;  // few, if any: no room is kept for them
  std::vector<WaitingProbe> probes_;
  bool news_ = false;
  bool closed_ = false;
};

}  // namespace ferrule

// What other threads have for a listener's loop: settled receipts and commands. Its descriptor is readable while something waits.
#pragma once

#include <utility>
#include <vector>

#include "core/guarded.h"
#include "host/command_queue.h"
#include "host/receipt.h"

namespace ferrule {

class LoopInbox final : public ReceiptDesk {
 public:
  static constexpr size_t kMostCommands = CommandQueue::kLimit;

  LoopInbox();
  ~LoopInbox() override;
  LoopInbox(const LoopInbox&) = delete;
  LoopInbox& operator=(const LoopInbox&) = delete;

  struct Settled {
    uint64_t token;
    bool durable;
  };
  struct Mail {
    std::vector<Settled> settled;  // as many as offers with a token are under way
    std::vector<WaitingCommand> commands;
  };

  // Any thread.
  void settled(uint64_t token, bool durable) override;
  bool push(WaitingCommand&& command);  // false: full or closed; left untouched

  // The loop's thread.
  int fd() const { return fd_; }
  Mail take();
  Mail close();  // refuses commands from now on; what waits comes back

 private:
  void wake();
  struct Kept {
    Mail mail;
    bool closed = false;
  };
  Guarded<Kept> kept_;
  int fd_;
};

}  // namespace ferrule

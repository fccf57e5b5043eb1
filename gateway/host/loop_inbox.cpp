#include "host/loop_inbox.h"

#include <sys/eventfd.h>
#include <unistd.h>

namespace ferrule {

LoopInbox::LoopInbox() : fd_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}

LoopInbox::~LoopInbox() { ::close(fd_); }

void LoopInbox::wake() { (void)eventfd_write(fd_, 1); }

void LoopInbox::settled(uint64_t token, bool durable) {
  const bool first = kept_.with([&](Kept& kept) {
    kept.mail.settled.push_back({token, durable});
    return kept.mail.settled.size() == 1;
  });
  if (first) wake();
}

bool LoopInbox::push(WaitingCommand&& command) {
  const bool taken = kept_.with([&](Kept& kept) {
    if (kept.closed || kept.mail.commands.size() >= kMostCommands) return false;
    kept.mail.commands.push_back(std::move(command));
    return true;
  });
  if (taken) wake();
  return taken;
}

LoopInbox::Mail LoopInbox::take() {
  eventfd_t ignored = 0;
  (void)eventfd_read(fd_, &ignored);  // before the mail is taken: what comes in between wakes once more
  return kept_.with([](Kept& kept) { return std::exchange(kept.mail, {}); });
}

LoopInbox::Mail LoopInbox::close() {
  return kept_.with([](Kept& kept) {
    kept.closed = true;
    return std::exchange(kept.mail, {});
  });
}

}  // namespace ferrule

#include "host/command_queue.h"

#include <utility>

namespace ferrule {

bool CommandQueue::push(WaitingCommand&& waiting) {
  {
    const std::lock_guard guard(lock_);
    if (closed_ || waiting_.size() >= kLimit) return false;
    waiting_.push_back(std::move(waiting));
    news_ = true;
  }
  changed_.notify_one();
  return true;
}

std::optional<WaitingCommand> CommandQueue::pop() {
  const std::lock_guard guard(lock_);
  if (waiting_.empty()) return std::nullopt;
  std::optional<WaitingCommand> first(std::move(waiting_.front()));
  waiting_.erase(waiting_.begin());
  return first;
}

bool CommandQueue::empty() const {
  const std::lock_guard guard(lock_);
  return waiting_.empty();
}

bool CommandQueue::push(WaitingProbe&& waiting) {
  {
    const std::lock_guard guard(lock_);
    if (closed_ || probes_.size() >= kProbeLimit) return false;
    probes_.push_back(std::move(waiting));
    news_ = true;
  }
  changed_.notify_one();
  return true;
}

std::optional<WaitingProbe> CommandQueue::pop_probe() {
  const std::lock_guard guard(lock_);
  if (probes_.empty()) return std::nullopt;
  std::optional<WaitingProbe> first(std::move(probes_.front()));
  probes_.erase(probes_.begin());
  return first;
}

bool CommandQueue::probe_waits() const {
  const std::lock_guard guard(lock_);
  return !probes_.empty();
}

void CommandQueue::wait(Duration at_most) {
  std::unique_lock guard(lock_);
  changed_.wait_for(guard, at_most, [this] { return news_; });
  news_ = false;
}

void CommandQueue::wake() {
  {
    const std::lock_guard guard(lock_);
    news_ = true;
  }
  changed_.notify_one();
}

void CommandQueue::close() {
  const std::lock_guard guard(lock_);
  closed_ = true;
}

}  // namespace ferrule

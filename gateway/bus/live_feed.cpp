#include "bus/live_feed.h"

#include <algorithm>
#include <utility>

namespace ferrule {

std::vector<LiveSample> LiveFeed::Subscriber::drain(uint64_t& lost) {
  std::vector<LiveSample> taken;
  const std::lock_guard guard(lock_);
  lost = std::exchange(lost_, 0);
  std::rotate(waiting_.begin(), waiting_.begin() + static_cast<std::ptrdiff_t>(oldest_), waiting_.end());
  oldest_ = 0;
  taken.swap(waiting_);
  return taken;
}

void LiveFeed::Subscriber::keep(LiveSample sample) {
  if (waiting_.size() < kQueueLimit) {
    waiting_.push_back(std::move(sample));
    return;
  }
  waiting_[oldest_] = std::move(sample);
  oldest_ = (oldest_ + 1) % kQueueLimit;
  ++lost_;
}

bool LiveFeed::Subscriber::offer(std::span<const Sample> samples, Duration wall_offset) {
  const std::lock_guard guard(lock_);
  const bool was_empty = waiting_.empty();
  for (const Sample& sample : samples) {
    if (wants(sample.tag)) keep({sample, WallTime(sample.read_at.time_since_epoch() + wall_offset)});
  }
  return was_empty && !waiting_.empty();
}

std::shared_ptr<LiveFeed::Subscriber> LiveFeed::subscribe(std::span<const TagId> tags, std::function<void()> ready) {
  auto subscriber = std::make_shared<Subscriber>();
  subscriber->ready_ = std::move(ready);
  for (const TagId tag : tags) {
    if (subscriber->wanted_.size() <= index_of(tag)) subscriber->wanted_.resize(index_of(tag) + 1);
    subscriber->wanted_[index_of(tag)] = true;
  }
  {
    const std::lock_guard guard(lock_);
    subscribers_.emplace_back(subscriber);
    count_.store(subscribers_.size(), std::memory_order_release);
  }
  // What the caller holds is a handle of its own: publish() may still hold the subscriber when the caller lets go, but by then
  // there is nothing left to call.
  Subscriber* raw = subscriber.get();
  return {raw, [kept = std::move(subscriber)](Subscriber* ended) {
            const std::lock_guard guard(ended->calling_);
            ended->ready_ = nullptr;
          }};
}

void LiveFeed::publish(std::span<const Sample> samples, Duration wall_offset) {
  if (count_.load(std::memory_order_acquire) == 0) return;
  const std::lock_guard guard(lock_);
  for (const auto& weak : subscribers_) {
    const auto subscriber = weak.lock();
    if (subscriber == nullptr || !subscriber->offer(samples, wall_offset)) continue;
    const std::lock_guard call(subscriber->calling_);
    if (subscriber->ready_) subscriber->ready_();
  }
  std::erase_if(subscribers_, [](const auto& weak) { return weak.expired(); });
  count_.store(subscribers_.size(), std::memory_order_release);
}

}  // namespace ferrule

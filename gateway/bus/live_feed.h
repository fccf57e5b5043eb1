// Live values for whoever watches: `ferrule watch`, the event stream of the REST API, the console.
//
// Publishing costs nothing while nobody watches. Each subscriber has a queue of its own with a limit; a slow one loses its oldest
// samples, counted, and harms nobody else. publish() is called on the bus thread; subscribe() and a Subscriber on any thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <vector>

#include "core/sample.h"

namespace ferrule {

struct LiveSample {
  Sample sample;
  WallTime timestamp;
};

class LiveFeed {
 public:
  static constexpr size_t kQueueLimit = 20000;  // samples per subscriber

  class Subscriber {
   public:
    // Takes what has come, oldest first; `lost` is how many were dropped since the last call.
    std::vector<LiveSample> drain(uint64_t& lost);

   private:
    friend class LiveFeed;
    bool wants(TagId tag) const { return wanted_.empty() || (index_of(tag) < wanted_.size() && wanted_[index_of(tag)]); }
    bool offer(std::span<const Sample> samples, Duration wall_offset);  // true: the queue was empty and no longer is
    void keep(LiveSample sample);                                       // lock_ held

    std::mutex lock_;  // guards the next three
    std::vector<LiveSample> waiting_;
    size_t oldest_ = 0;  // index in waiting_ once that is full: a ring
    uint64_t lost_ = 0;
    std::vector<bool> wanted_;  // by TagId; empty: every tag
    std::mutex calling_;        // guards ready_; held while it runs, so that it never runs after the subscription has ended
    std::function<void()> ready_;
  };

  // `tags` empty: all. `ready` is called on the bus thread when a drained queue has something again; it must return at once.
  // The subscription ends when the returned pointer is released: `ready` does not run after that. Do not release it inside
  // `ready`, nor while holding a lock that `ready` takes.
  std::shared_ptr<Subscriber> subscribe(std::span<const TagId> tags, std::function<void()> ready);

  // wall_offset: as in TagTable::update.
  void publish(std::span<const Sample> samples, Duration wall_offset);

 private:
  std::atomic<size_t> count_{0};
  std::mutex lock_;
  std::vector<std::weak_ptr<Subscriber>> subscribers_;
};

}  // namespace ferrule

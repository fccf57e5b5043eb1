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
  class Subscriber {
   public:
    // Takes what has come; `lost` is how many were dropped since the last call.
    std::vector<LiveSample> drain(uint64_t& lost);

   private:
    friend class LiveFeed;
    std::mutex lock_;
    std::vector<LiveSample> waiting_;
    uint64_t lost_ = 0;
    std::vector<bool> wanted_;  // by TagId; empty: every tag
    std::function<void()> ready_;
  };

  static constexpr size_t kQueueLimit = 20000;  // samples per subscriber

  // `tags` empty: all. `ready` is called on the bus thread when a drained queue has something again; it must return at once.
  // The subscription ends when the returned pointer is released.
  std::shared_ptr<Subscriber> subscribe(std::span<const TagId> tags, std::function<void()> ready);

  void publish(std::span<const Sample> samples, Duration wall_offset);

 private:
  std::atomic<size_t> count_{0};
  std::mutex lock_;
  std::vector<std::weak_ptr<Subscriber>> subscribers_;
};

}  // namespace ferrule

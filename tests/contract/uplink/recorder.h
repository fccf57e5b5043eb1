// What an Uplink reported, in order, and a way to wait for it.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "sdk/uplink.h"

namespace ferrule {

class Recorder final : public UplinkEvents {
 public:
  struct Seen {
    int connects = 0;
    std::vector<Status> losses;
    std::map<uint64_t, std::vector<Settlement>> settled;
    std::map<uint64_t, std::string> why;
    size_t answers() const {
      size_t sum = 0;
      for (const auto& [token, settlements] : settled) sum += settlements.size();
      return sum;
    }
  };

  void connected() override {
    with([](Seen& seen) { ++seen.connects; });
  }
  void lost(Status why) override {
    with([&](Seen& seen) { seen.losses.push_back(std::move(why)); });
  }
  void settled(uint64_t token, Settlement settlement, std::string why) override {
    with([&](Seen& seen) {
      seen.settled[token].push_back(settlement);
      seen.why[token] = std::move(why);
    });
  }

  // True as soon as it holds; false when it does not within 30 s (which fails the test, it is not a way to wait).
  bool wait(const std::function<bool(const Seen&)>& holds) {
    std::unique_lock guard(lock_);
    return changed_.wait_for(guard, std::chrono::seconds(30), [&] { return holds(seen_); });
  }
  bool wait_connected(int times = 1) {
    return wait([=](const Seen& seen) { return seen.connects >= times; });
  }
  bool wait_lost(size_t times = 1) {
    return wait([=](const Seen& seen) { return seen.losses.size() >= times; });
  }
  bool wait_answers(size_t count) {
    return wait([=](const Seen& seen) { return seen.answers() >= count; });
  }
  Seen seen() {
    const std::lock_guard guard(lock_);
    return seen_;
  }

 private:
  void with(const std::function<void(Seen&)>& change) {
    {
      const std::lock_guard guard(lock_);
      change(seen_);
    }
    changed_.notify_all();
  }

  std::mutex lock_;
  std::condition_variable changed_;
  Seen seen_;
};

}  // namespace ferrule

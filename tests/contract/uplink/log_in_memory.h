// An outbox that only remembers: enough of the contract of Backlog for the runner's tests. Any thread.
#pragma once

#include <condition_variable>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "north/uplink_runner.h"

namespace ferrule {

class LogInMemory final : public Backlog {
 public:
  void serve(UplinkRunner& runner) { runner_ = &runner; }

  // As the bus does it: live if the runner takes it, backlog if not.
  uint32_t append(Envelope envelope) {
    const uint32_t claimed = runner_->offer(envelope);
    {
      const std::lock_guard guard(lock_);
      Entry& entry = entries_[envelope.position];
      entry.envelope = std::move(envelope);
      entry.claimed = claimed > released_ ? claimed : 0;
    }
    if (claimed <= released_now()) runner_->backlog_waiting();
    return claimed;
  }

  void request(size_t max_records, size_t) override {
    std::vector<Envelope> envelopes;
    {
      const std::lock_guard guard(lock_);
      for (auto& [position, entry] : entries_) {
        if (envelopes.size() == max_records) break;
        if (entry.settled || entry.claimed != 0 || entry.handed_out || entry.envelope.record == nullptr) continue;
        entry.handed_out = true;
        envelopes.push_back(entry.envelope);
      }
    }
    runner_->backlog(std::move(envelopes));
  }
  void settled(std::vector<uint64_t> positions) override {
    {
      const std::lock_guard guard(lock_);
      for (const uint64_t position : positions) entries_[position].settled = true;
      settled_ += positions.size();
    }
    changed_.notify_all();
  }
  void rejected(uint64_t position, std::string why) override {
    {
      const std::lock_guard guard(lock_);
      entries_[position].settled = true;
      rejections_[position] = std::move(why);
    }
    changed_.notify_all();
  }
  void released(uint32_t session) override {
    {
      const std::lock_guard guard(lock_);
      released_ = session;
      for (auto& [position, entry] : entries_) {
        if (entry.claimed <= session) entry.claimed = 0;
        entry.handed_out = false;
      }
    }
    changed_.notify_all();
  }

  // Until everything that was appended is settled; false after 60 s.
  bool wait_all_settled(size_t count) {
    std::unique_lock guard(lock_);
    return changed_.wait_for(guard, std::chrono::seconds(60), [&] {
      size_t done = 0;
      for (const auto& [position, entry] : entries_) done += entry.settled ? 1 : 0;
      return done >= count;
    });
  }
  size_t settlements() const {
    const std::lock_guard guard(lock_);
    return settled_;
  }
  uint32_t released_now() const {
    const std::lock_guard guard(lock_);
    return released_;
  }

 private:
  struct Entry {
    Envelope envelope;
    uint32_t claimed = 0;
    bool settled = false;
    bool handed_out = false;
  };
  UplinkRunner* runner_ = nullptr;
  mutable std::mutex lock_;
  std::condition_variable changed_;
  std::map<uint64_t, Entry> entries_;
  std::map<uint64_t, std::string> rejections_;
  size_t settled_ = 0;
  uint32_t released_ = 0;
};

}  // namespace ferrule

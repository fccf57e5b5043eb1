// Decides on the bus thread, without a lock, whether a record goes on as live: only while a session is up, only what was read
// since it began, and only while the live queue has room.
//
// open() and close() on the runner's thread; take() on the bus thread; left() wherever a taken record leaves the queue. A record
// that was taken just before close() carries the number of the session that is over: the runner drops it and the outbox, which
// has been told of the release, treats it as backlog.
#pragma once

#include <atomic>
#include <cstdint>

#include "core/clock.h"
#include "core/record.h"

namespace ferrule {

class LiveGate {
 public:
  static constexpr size_t kMostRecords = 1000;
  static constexpr size_t kMostBytes = 16u << 20;  // of samples, estimated

  void open(uint32_t session, MonoTime began) {
    began_.store(began.time_since_epoch().count(), std::memory_order_relaxed);
    session_.store(session, std::memory_order_release);
  }
  void close() { session_.store(0, std::memory_order_release); }

  // The session, or 0: not as live.
  uint32_t take(const Record& record) {
    const uint32_t session = session_.load(std::memory_order_acquire);
    if (session == 0 || record.read_at.time_since_epoch().count() < began_.load(std::memory_order_relaxed)) return 0;
    const size_t bytes = bytes_of(record);
    if (records_.load(std::memory_order_relaxed) >= kMostRecords) return 0;
    if (bytes_.load(std::memory_order_relaxed) + bytes > kMostBytes) return 0;
    records_.fetch_add(1, std::memory_order_relaxed);
    bytes_.fetch_add(bytes, std::memory_order_relaxed);
    return session;
  }
  void left(const Record& record) {
    records_.fetch_sub(1, std::memory_order_relaxed);
    bytes_.fetch_sub(bytes_of(record), std::memory_order_relaxed);
  }

  size_t records() const { return records_.load(std::memory_order_relaxed); }

 private:
  static size_t bytes_of(const Record& record) { return sizeof(Record) + sample_count(record) * sizeof(Sample); }

  std::atomic<uint32_t> session_{0};
  std::atomic<int64_t> began_{0};
  std::atomic<size_t> records_{0};
  std::atomic<size_t> bytes_{0};
};

}  // namespace ferrule

// An outbox under load on a disk whose power goes again and again, at any call, and an oracle that watches.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "outbox/outbox.h"
#include "tests/fakes/manual_clock.h"
#include "tests/fault/memory_disk.h"
#include "tests/fault/oracle.h"

namespace ferrule {

// What is taken away to see whether the proof notices.
struct Weakened {
  bool synchronous_normal = false;  // commits do not wait for the disk
  bool lying_disk = false;          // the disk says that it has synced, and has not
  bool advance_before_ack = false;  // an uplink's cursor moves when a record is handed out, not when it is acknowledged
};

struct CutsResult {
  Verdict verdict;
  uint64_t cuts = 0, cuts_while_starting = 0;
  uint64_t integrity_errors = 0;  // SQLite's integrity_check, or an outbox that set its file aside or did not open
  uint64_t repeated_boots = 0;    // boot numbers that were given out twice
  std::string first_error;

  uint64_t errors() const { return verdict.errors() + integrity_errors + repeated_boots; }
};

class PowerCuts {
 public:
  PowerCuts(uint32_t seed, const Weakened& weakened);
  ~PowerCuts();

  // Until so many cuts have been seen; `progress` is told after each.
  CutsResult run(uint64_t cuts, const std::function<void(const CutsResult&)>& progress = {});

 private:
  static constexpr size_t kUplinks = 2;

  void one_life();
  bool start();
  void look();
  void step();
  void append();
  void acknowledge();
  void pass();
  void commit();
  void power_back();
  void check_integrity();
  void error(const std::string& what);
  size_t below(size_t n) { return random_() % n; }

  std::mt19937 random_;
  const Weakened weakened_;
  MemoryDisk disk_, copy_;
  ManualClock clock_;
  OutboxSettings settings_;
  OutboxLimits limits_;
  Oracle oracle_;
  CutsResult result_;
  std::unique_ptr<Names> names_;
  std::unique_ptr<Outbox> outbox_;
  uint64_t position_ = 0, last_boot_ = 0;
  std::vector<uint64_t> seqs_;
  std::vector<std::vector<uint64_t>> open_;  // by uplink: in its hands
};

}  // namespace ferrule

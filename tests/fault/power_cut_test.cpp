// The proof that a power cut costs nothing that was committed, and its twins: each takes one guard away and must be found out.
//
//   FERRULE_POWER_CUTS=100000 build/release/tests/fault_outbox --gtest_filter='PowerCut.*'
//
// A failure prints its seed; FERRULE_SEED=n begins with that one.
#include <gtest/gtest.h>

#include <chrono>

#include "tests/fault/power_cuts.h"
#include "tests/fault/wanted.h"

namespace ferrule {
namespace {

constexpr uint64_t kCutsPerDisk = 500;  // then a new disk, with the next seed

// A line each 5 s, on a proof that takes longer than that.
class Progress {
 public:
  explicit Progress(uint64_t wanted) : wanted_(wanted) {}
  void operator()(uint64_t done) {
    const auto now = std::chrono::steady_clock::now();
    if (now - told_ < std::chrono::seconds(5)) return;
    told_ = now;
    std::fprintf(stderr, "  %llu of %llu power cuts\n", static_cast<unsigned long long>(done),
                 static_cast<unsigned long long>(wanted_));
  }

 private:
  const uint64_t wanted_;
  std::chrono::steady_clock::time_point told_ = std::chrono::steady_clock::now();
};

TEST(PowerCut, nothing_committed_is_lost_doubled_or_invented_wherever_it_comes) {
  const uint64_t all = wanted("FERRULE_POWER_CUTS", 10'000);
  auto seed = static_cast<uint32_t>(wanted("FERRULE_SEED", 1));
  Progress progress(all);
  Verdict sum;
  uint64_t cuts = 0, while_starting = 0;
  for (; cuts < all; ++seed) {
    PowerCuts play(seed, {});
    const CutsResult result =
        play.run(std::min(kCutsPerDisk, all - cuts), [&](const CutsResult& so_far) { progress(cuts + so_far.cuts); });
    ASSERT_EQ(result.errors(), 0u) << "FERRULE_SEED=" << seed << ": " << result.first_error << "; lost " << result.verdict.lost
                                   << " samples, wrong " << result.verdict.wrong << ", unordered " << result.verdict.unordered
                                   << ", stale " << result.verdict.stale << ", unknown " << result.verdict.unknown
                                   << ", integrity " << result.integrity_errors << ", boots " << result.repeated_boots;
    cuts += result.cuts;
    while_starting += result.cuts_while_starting;
    sum.committed += result.verdict.committed;
    sum.acknowledged += result.verdict.acknowledged;
    sum.repeated += result.verdict.repeated;
    sum.uncommitted += result.verdict.uncommitted;
  }
  std::printf(
      "%llu power cuts (%llu during a start): %llu samples committed, 0 lost, 0 integrity errors; %llu records repeated, "
      "%llu samples not yet committed gone\n",
      static_cast<unsigned long long>(cuts), static_cast<unsigned long long>(while_starting),
      static_cast<unsigned long long>(sum.committed), static_cast<unsigned long long>(sum.repeated),
      static_cast<unsigned long long>(sum.uncommitted));
  EXPECT_GT(sum.committed, cuts) << "the proof must have had something to lose";
  EXPECT_GT(sum.acknowledged, cuts);
}

// --- tests of the test ------------------------------------------------------------------------------------------------------

uint64_t found_by(const Weakened& weakened, uint64_t CutsResult::*what) {
  CutsResult result;
  uint64_t found = 0;
  for (uint32_t seed = 1; seed <= 4; ++seed) {
    result = PowerCuts(seed, weakened).run(250);
    found += result.*what;
  }
  return found;
}

uint64_t lost_by(const Weakened& weakened) {
  uint64_t lost = 0;
  for (uint32_t seed = 1; seed <= 4; ++seed) lost += PowerCuts(seed, weakened).run(250).verdict.lost;
  return lost;
}

TEST(PowerCutTwin, with_synchronous_normal_committed_samples_are_lost_and_that_is_found_out) {
  EXPECT_GT(lost_by({.synchronous_normal = true}), 0u);
}

TEST(PowerCutTwin, a_cursor_that_moves_before_the_acknowledgement_is_found_out) {
  EXPECT_GT(lost_by({.advance_before_ack = true}), 0u);
}

TEST(PowerCutTwin, a_disk_that_lies_about_its_syncs_is_found_out) {
  EXPECT_GT(lost_by({.lying_disk = true}) + found_by({.lying_disk = true}, &CutsResult::integrity_errors), 0u);
}

}  // namespace
}  // namespace ferrule

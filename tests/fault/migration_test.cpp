// A store of version 1 (tests/cases/outbox/version_1.db, written by the program of that time) under today's program.
//
// It holds 40 records for two uplinks: an alarm at position 20, else 3 samples each; `up0` has settled 1 to 10 and rejected 11; a
// third uplink was removed, which left a loss of 3 samples.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "outbox/outbox.h"
#include "tests/fakes/manual_clock.h"
#include "tests/fault/memory_disk.h"

namespace ferrule {
namespace {

using testing::IsEmpty;

std::string version_1() {
  std::ifstream in(FERRULE_SOURCE_DIR "/tests/cases/outbox/version_1.db", std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

class Migration : public testing::Test {
 protected:
  Migration() {
    settings_.path = "outbox.db";
    limits_.vfs = disk_.name();
    disk_.put(settings_.path, version_1());
  }

  bool open() {
    names_ = std::make_unique<Names>();
    notes_.clear();
    auto opened = Outbox::open(settings_, limits_, clock_, *names_, notes_);
    if (!opened) return false;
    outbox_ = std::move(*opened);
    outbox_->attach("up0");
    outbox_->attach("up1");
    outbox_->settle_membership();
    return true;
  }

  void expect_all() {
    EXPECT_THAT(notes_, IsEmpty());
    for (const uint8_t uplink : {0, 1}) {
      const auto came = outbox_->next(UplinkIndex{uplink}, 1000, SIZE_MAX);
      const uint64_t first = uplink == 0 ? 12 : 1;
      ASSERT_EQ(came.size(), 41 - first);
      for (size_t i = 0; i < came.size(); ++i) expect_record(came[i], first + i);
    }
    const std::vector<Loss> losses = outbox_->take_losses();
    ASSERT_EQ(losses.size(), 1u);
    EXPECT_EQ(losses[0].uplink, "gone");
    EXPECT_EQ(losses[0].samples, 3u);
  }

  void expect_record(const Envelope& envelope, uint64_t position) {
    EXPECT_EQ(envelope.position, position);
    EXPECT_EQ(envelope.boot, 1u);
    EXPECT_EQ(envelope.seq, position);
    if (position == 20) {
      EXPECT_EQ(std::get<Alarm>(envelope.record->body).text, "Boiler at 91");
      return;
    }
    const auto& samples = std::get<Samples>(envelope.record->body);
    ASSERT_EQ(samples.size(), 3u);
    for (size_t i = 0; i < 3; ++i) {
      const auto offset = std::chrono::microseconds(5 * i);
      EXPECT_EQ(samples[i].value, Value(static_cast<double>(position) + 0.5 * static_cast<double>(i)));
      EXPECT_EQ(names_->full_name(samples[i].tag), (position % 2 == 1 ? "boiler.t" : "press.t") + std::to_string(i));
      EXPECT_EQ(samples[i].read_at, envelope.record->read_at + offset);
    }
  }

  MemoryDisk disk_{"migration"};
  ManualClock clock_;
  OutboxSettings settings_;
  OutboxLimits limits_;
  std::unique_ptr<Names> names_;
  std::vector<std::string> notes_;
  std::unique_ptr<Outbox> outbox_;
};

TEST_F(Migration, a_store_of_version_1_opens_with_everything_that_it_held) {
  ASSERT_TRUE(open());
  expect_all();
  EXPECT_GT(outbox_->boot(), 2u);
}

TEST_F(Migration, a_power_cut_at_any_call_leaves_the_old_version_or_the_new_one) {
  std::mt19937 random(5);
  uint64_t cuts = 0;
  for (uint64_t nth = 1;; ++nth) {
    disk_.put(settings_.path, version_1());
    disk_.cut_at(nth);
    (void)open();
    const bool cut = disk_.dark();
    outbox_.reset();
    disk_.power_on(random);
    ASSERT_TRUE(open()) << "cut at call " << nth;
    expect_all();
    outbox_.reset();
    if (!cut) break;
    ++cuts;
  }
  EXPECT_GT(cuts, 10u);
}

}  // namespace
}  // namespace ferrule

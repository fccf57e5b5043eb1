// What goes when room is short, what stays, and what is said about it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/outbox/scratch.h"

namespace ferrule {
namespace {

using std::chrono::seconds;
using testing::HasSubstr;

constexpr size_t kTags = 500;

class Limits : public testing::Test {
 protected:
  Limits() { rig.settings.max_size = 1 << 20; }

  // Values that do not shrink, so that the file fills soon.
  RecordPtr noise() {
    RecordPtr made = record_of(*rig.names, rig.clock, kTags, 0);
    auto record = std::make_shared<Record>(*made);
    for (Sample& sample : std::get<Samples>(record->body)) sample.value = Value(static_cast<double>(random_()) / 1e9);
    return record;
  }
  void fill(int polls) {
    for (int i = 0; i < polls; ++i) {
      rig.outbox->append(rig.entry(noise()));
      rig.pass(seconds(1));
    }
  }
  void alarm(const std::string& rule) {
    auto record = std::make_shared<Record>();
    record->read_at = rig.clock.now();
    record->timestamp = rig.clock.wall();
    record->body = Alarm{rule, true, "high", "too hot", {}};
    rig.outbox->append(rig.entry(std::move(record)));
  }
  OutboxCounters::PerUplink counters() { return rig.outbox->counters().uplinks[0]; }
  uint64_t told() {
    for (const Loss& loss : rig.outbox->take_losses()) told_ += loss.samples, why_ = loss.why;
    return told_;
  }
  void expect_balance(uint64_t appended) {
    const auto is = counters();
    EXPECT_EQ(is.waiting_samples + is.settled_samples + is.dropped_samples, appended);
  }

  Rig rig;
  std::mt19937 random_{3};
  uint64_t told_ = 0;
  std::string why_;
};

TEST_F(Limits, alarms_outlive_the_samples_around_them) {
  rig.open();
  alarm("first");
  fill(20);
  alarm("second");
  fill(600);
  EXPECT_EQ(told(), counters().dropped_samples);
  EXPECT_GT(told_, 20u * kTags) << "all that was around the alarms";
  expect_balance(620 * kTags);
  const auto came = rig.outbox->next(rig.indices[0], 10, SIZE_MAX);
  ASSERT_GE(came.size(), 3u);
  EXPECT_EQ(std::get<Alarm>(came[0].record->body).rule, "first");
  EXPECT_EQ(std::get<Alarm>(came[1].record->body).rule, "second");
  EXPECT_TRUE(std::holds_alternative<Samples>(came[2].record->body));
  rig.kill();
  rig.open();
  const auto again = rig.outbox->next(rig.indices[0], 2, SIZE_MAX);
  ASSERT_EQ(again.size(), 2u);
  EXPECT_EQ(again[0].seq, came[0].seq);
  EXPECT_EQ(std::get<Alarm>(again[1].record->body).rule, "second");
}

TEST_F(Limits, when_only_alarms_are_left_the_oldest_go_too) {
  rig.open();
  for (int i = 0; i < 40'000; ++i) {
    alarm("rule_" + std::to_string(i) + "_" + std::to_string(random_()) + std::to_string(random_()) + std::to_string(random_()));
    if (i % 100 == 99) rig.pass(seconds(1));
  }
  EXPECT_LE(rig.outbox->counters().disk_bytes, rig.settings.max_size);
  const auto came = rig.outbox->next(rig.indices[0], 100'000, SIZE_MAX);
  ASSERT_FALSE(came.empty());
  EXPECT_EQ(came.back().position, 40'000u);
  EXPECT_GT(came.front().position, 1u);
  EXPECT_EQ(counters().waiting_records, came.size());
}

TEST_F(Limits, what_was_in_hand_when_it_went_may_still_be_settled_and_counts_once) {
  rig.open();
  alarm("first");
  fill(50);
  const std::vector<uint64_t> held = rig.next(0, 30);
  fill(600);
  rig.outbox->settle(rig.indices[0], held);
  expect_balance(650 * kTags);
  EXPECT_EQ(told(), counters().dropped_samples);
}

TEST_F(Limits, thinning_keeps_the_first_last_least_and_greatest_of_each_minute) {
  rig.settings.thin_when_full = true;
  rig.settings.max_size = 2 << 20;
  rig.open();
  constexpr int kPolls = 900, kSpike = 37, kDip = 44;
  for (int i = 0; i < kPolls; ++i) {
    auto record = std::make_shared<Record>(*noise());
    auto& samples = std::get<Samples>(record->body);
    if (i == kSpike) samples[7].value = Value(1e6);
    if (i == kDip) samples[7].value = Value(-1e6);
    rig.outbox->append(rig.entry(std::move(record)));
    rig.pass(seconds(1));
  }
  EXPECT_EQ(told(), counters().dropped_samples);
  EXPECT_THAT(why_, HasSubstr("thinned out"));
  expect_balance(kPolls * kTags);
  size_t in_first_minute = 0;
  double least = 0, greatest = 0;
  for (const Envelope& envelope : rig.outbox->next(rig.indices[0], 60, SIZE_MAX)) {
    if (envelope.position > 60) break;
    for (const Sample& sample : std::get<Samples>(envelope.record->body)) {
      if (rig.names->full_name(sample.tag) != "boiler.t7") continue;
      ++in_first_minute;
      least = std::min(least, sample.value.as_double());
      greatest = std::max(greatest, sample.value.as_double());
    }
  }
  EXPECT_EQ(least, -1e6);
  EXPECT_EQ(greatest, 1e6);
  EXPECT_LE(in_first_minute, 8u) << "two buckets of four";
}

// A disk with so much free, of which 10 MiB are to stay free.
struct Reserve : Limits {
  Reserve() {
    rig.settings.max_size = 64 << 20;
    rig.settings.reserve = 10 << 20;
    rig.limits.free_bytes = [this](const std::string&) { return std::optional(free); };
  }
  uint64_t free = 100 << 20;
};

TEST_F(Reserve, while_it_is_not_free_what_is_read_waits_in_memory_and_health_says_so) {
  rig.open();
  fill(50);
  free = 0;
  fill(100);
  EXPECT_EQ(told(), 0u);
  EXPECT_THAT(rig.outbox->counters().trouble, HasSubstr("`reserve`"));
  EXPECT_GE(rig.outbox->counters().memory_bytes, 50 * kTags * sizeof(Sample));
  free = 100 << 20;
  fill(1);
  EXPECT_EQ(rig.outbox->counters().trouble, "");
  EXPECT_LE(rig.outbox->counters().memory_bytes, 10 * kTags * sizeof(Sample));
  EXPECT_EQ(told(), 0u);
  EXPECT_EQ(rig.next().size(), 151u);
}

TEST_F(Reserve, acknowledgements_are_stored_all_the_same) {
  rig.open();
  fill(50);
  free = 0;
  fill(50);
  const auto came = rig.next(0, 20);
  rig.outbox->settle(rig.indices[0], came);
  rig.pass(seconds(2));
  rig.kill();
  rig.open();
  EXPECT_EQ(rig.next().front(), came.back() + 1);
}

TEST_F(Reserve, a_clean_stop_stores_what_waits_in_memory) {
  rig.open();
  free = 0;
  fill(50);
  rig.open();
  EXPECT_EQ(rig.next().size(), 50u);
}

TEST_F(Reserve, while_it_is_not_free_and_memory_is_full_the_file_does_not_grow_and_the_oldest_go) {
  rig.limits.memory = 100 * kTags * sizeof(Sample);
  rig.open();
  fill(700);
  EXPECT_EQ(told(), 0u);
  const uint64_t had = rig.outbox->counters().disk_bytes;
  free = 5 << 20;
  fill(300);
  EXPECT_LE(rig.outbox->counters().disk_bytes, had + (64u << 10));
  EXPECT_GT(told(), 0u);
  EXPECT_THAT(why_, HasSubstr("reserve"));
  expect_balance(1000 * kTags);
  const uint64_t before = told_;
  free = 100 << 20;
  fill(50);
  EXPECT_EQ(told(), before) << "it grows again";
}

}  // namespace
}  // namespace ferrule

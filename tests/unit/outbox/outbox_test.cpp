#include "outbox/outbox.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/outbox/scratch.h"

namespace ferrule {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::IsEmpty;

TEST(Outbox, on_a_healthy_link_nothing_is_written) {
  Rig rig;
  for (int i = 0; i < 100; ++i) {
    const uint64_t at = rig.append(10, 1);
    rig.pass(milliseconds(5));
    rig.settle(at);
    rig.pass(milliseconds(95));
  }
  const OutboxCounters counters = rig.outbox->counters();
  EXPECT_EQ(counters.commits, 0u);
  EXPECT_EQ(counters.bytes_written, 0u);
  EXPECT_EQ(counters.uplinks[0].settled_samples, 1000u);
  EXPECT_EQ(counters.uplinks[0].waiting_records, 0u);
}

TEST(Outbox, without_settlements_the_same_records_are_committed_once_a_second) {
  Rig rig;
  for (int i = 0; i < 100; ++i) {
    rig.append(10, 1);
    rig.pass(milliseconds(100));
  }
  const OutboxCounters counters = rig.outbox->counters();
  EXPECT_GE(counters.commits, 9u);
  EXPECT_LE(counters.commits, 20u);
  EXPECT_GT(counters.bytes_written, 0u);
}

TEST(Outbox, what_is_older_than_flush_after_survives_a_power_cut_with_the_same_boot_and_seq) {
  Rig rig;
  const uint64_t first = rig.append(3);
  rig.pass(seconds(1));
  const uint64_t boot = rig.outbox->boot();
  rig.append(3);  // young: may be lost
  rig.kill();
  rig.open();
  EXPECT_EQ(rig.outbox->boot(), boot + 1);
  EXPECT_GT(rig.outbox->next_position(), first);
  const std::vector<Envelope> back = rig.outbox->next(rig.indices[0], 10, SIZE_MAX);
  ASSERT_EQ(back.size(), 1u);
  EXPECT_EQ(back[0].position, first);
  EXPECT_EQ(back[0].boot, boot);
  EXPECT_EQ(back[0].seq, 1u);
  EXPECT_EQ(rig.names->full_name(std::get<Samples>(back[0].record->body)[2].tag), "boiler.t2");
}

TEST(Outbox, each_record_is_handed_out_once_until_its_session_is_over) {
  Rig rig;
  const uint64_t claimed = rig.append(1, 7), other = rig.append(1);
  EXPECT_THAT(rig.next(), ElementsAre(other));
  EXPECT_THAT(rig.next(), IsEmpty());
  rig.outbox->release(rig.indices[0], 6);
  EXPECT_THAT(rig.next(), ElementsAre(other)) << "the claim belongs to a later session";
  rig.pass(seconds(1));
  rig.outbox->release(rig.indices[0], 7);
  EXPECT_THAT(rig.next(), ElementsAre(claimed, other)) << "from disk now";
  rig.settle(claimed);
  rig.outbox->release(rig.indices[0], 7);
  EXPECT_THAT(rig.next(), ElementsAre(other));
}

TEST(Outbox, next_keeps_to_the_records_and_bytes_asked_for_but_gives_one_at_least) {
  Rig rig;
  for (int i = 0; i < 10; ++i) rig.append(100);
  EXPECT_EQ(rig.next(0, 3).size(), 3u);
  EXPECT_EQ(rig.outbox->next(rig.indices[0], 100, 1).size(), 1u);
  EXPECT_EQ(rig.outbox->next(rig.indices[0], 100, 9000).size(), 3u);
  EXPECT_EQ(rig.outbox->next(rig.indices[0], 0, 9000).size(), 0u);
}

TEST(Outbox, cursors_are_kept_at_most_a_second_behind) {
  Rig rig;
  const uint64_t first = rig.append(), second = rig.append();
  rig.pass(seconds(1));
  EXPECT_THAT(rig.next(), ElementsAre(first, second));
  rig.settle(first);
  rig.pass(seconds(1));
  rig.kill();
  rig.open();
  EXPECT_THAT(rig.next(), ElementsAre(second));
}

TEST(Outbox, settled_blocks_leave_the_file_and_the_file_shrinks) {
  Rig rig;
  for (int i = 0; i < 400; ++i) {
    rig.outbox->append(rig.entry(record_of(*rig.names, rig.clock, 1000, i * 3.14159)));
    rig.pass(seconds(1));
  }
  const OutboxCounters full = rig.outbox->counters();
  EXPECT_GT(full.blocks, 10u);
  for (auto some = rig.next(0, 100); !some.empty(); some = rig.next(0, 100)) {
    rig.outbox->settle(rig.indices[0], some);
    rig.pass(milliseconds(100));
  }
  for (int i = 0; i < 60; ++i) rig.pass(seconds(1));
  const OutboxCounters empty = rig.outbox->counters();
  EXPECT_EQ(empty.blocks, 0u);
  EXPECT_EQ(empty.uplinks[0].waiting_samples, 0u);
  EXPECT_LT(empty.disk_bytes, full.disk_bytes);
  const uint64_t commits = empty.commits;
  for (int i = 0; i < 60; ++i) rig.pass(seconds(1));
  EXPECT_EQ(rig.outbox->counters().commits, commits) << "idle again";
}

TEST(Outbox, small_blocks_of_an_outage_are_merged) {
  Rig rig;
  for (int i = 0; i < 320; ++i) {
    rig.append(10);
    rig.pass(seconds(1));
  }
  EXPECT_LT(rig.outbox->counters().blocks, 50u);
  EXPECT_EQ(rig.next().size(), 320u);
}

TEST(Outbox, the_file_never_exceeds_max_size_and_each_eviction_leaves_a_loss_per_uplink) {
  Rig rig(2);
  rig.settings.max_size = 2u << 20;
  rig.open();
  uint64_t lost[2] = {0, 0};
  for (int i = 0; i < 300; ++i) {
    const uint64_t at = rig.entry(nullptr).position;
    OutboxEntry entry{record_of(*rig.names, rig.clock, 1000, i * 1e-3 + 3.14159), at, {at, at}, {0, 0}};
    rig.outbox->append(std::move(entry));
    if (i < 50) rig.settle(at, 1);
    rig.pass(seconds(1));
    EXPECT_LE(rig.outbox->counters().disk_bytes, rig.settings.max_size) << i;
    for (const Loss& loss : rig.outbox->take_losses()) lost[loss.uplink == "up1"] += loss.samples;
  }
  const OutboxCounters counters = rig.outbox->counters();
  EXPECT_GT(lost[0], 0u);
  for (size_t u = 0; u < 2; ++u) {
    EXPECT_EQ(lost[u], counters.uplinks[u].dropped_samples);
    EXPECT_EQ(counters.uplinks[u].settled_samples + counters.uplinks[u].dropped_samples + counters.uplinks[u].waiting_samples,
              300'000u);
  }
  EXPECT_LT(lost[1], lost[0]);
  const std::vector<uint64_t> left = rig.next(0, 10'000);
  EXPECT_EQ(left.size() * 1000, counters.uplinks[0].waiting_samples);
  EXPECT_EQ(left.back(), 300u) << "the oldest went, not the newest";
}

TEST(Outbox, a_loss_that_nobody_took_survives_a_power_cut_and_one_taken_long_ago_is_not_told_again) {
  Rig rig;
  rig.settings.max_age = hours(1);
  rig.open();
  rig.append(5);
  rig.pass(seconds(1));
  rig.pass(hours(2));
  rig.kill();
  rig.open();
  const std::vector<Loss> losses = rig.outbox->take_losses();
  ASSERT_EQ(losses.size(), 1u);
  EXPECT_EQ(losses[0].uplink, "up0");
  EXPECT_EQ(losses[0].samples, 5u);
  EXPECT_EQ(losses[0].why, "older than max_age");
  EXPECT_THAT(rig.outbox->take_losses(), IsEmpty());
  rig.pass(seconds(6));
  rig.kill();
  rig.open();
  EXPECT_THAT(rig.outbox->take_losses(), IsEmpty());
}

TEST(Outbox, age_is_running_time_so_a_wall_clock_that_jumps_ten_years_evicts_nothing) {
  Rig rig;
  rig.append();
  rig.pass(seconds(1));
  rig.clock.step_wall(hours(24 * 3650));
  rig.pass(seconds(60));
  EXPECT_EQ(rig.next().size(), 1u);
  EXPECT_THAT(rig.outbox->take_losses(), IsEmpty());
}

TEST(Outbox, a_rejected_record_is_out_of_the_way_and_stays_so) {
  Rig rig;
  const uint64_t young = rig.append(2, 1);
  rig.outbox->reject(rig.indices[0], young, "bad topic");
  const uint64_t stored = rig.append(3);
  rig.pass(seconds(1));
  EXPECT_THAT(rig.next(), ElementsAre(stored));
  rig.outbox->reject(rig.indices[0], stored, "too large");
  rig.pass(seconds(1));
  rig.kill();
  rig.open();
  EXPECT_THAT(rig.next(), IsEmpty());
}

TEST(Outbox, a_rejection_is_counted_as_a_dead_letter_and_as_dropped_samples) {
  Rig rig;
  rig.outbox->reject(rig.indices[0], rig.append(2, 1), "bad topic");
  const OutboxCounters counters = rig.outbox->counters();
  EXPECT_EQ(counters.uplinks[0].dead_letters, 1u);
  EXPECT_EQ(counters.uplinks[0].dropped_samples, 2u);
  EXPECT_EQ(counters.uplinks[0].settled_samples, 0u);
  EXPECT_EQ(counters.uplinks[0].waiting_records, 0u);
}

TEST(Outbox, a_new_uplink_starts_at_now_and_a_known_one_goes_on) {
  Rig rig;
  const uint64_t before = rig.append();
  rig.pass(seconds(1));
  rig.wanted = 2;
  rig.open();
  EXPECT_THAT(rig.next(0), ElementsAre(before));
  EXPECT_THAT(rig.next(1), IsEmpty());
  const uint64_t after = rig.append();
  EXPECT_THAT(rig.next(1), ElementsAre(after));
}

TEST(Outbox, the_backlog_of_a_removed_uplink_becomes_a_loss_and_coming_back_it_starts_at_now) {
  Rig rig(2);
  const uint64_t at = rig.append(4);
  rig.pass(seconds(1));
  rig.wanted = 1;
  rig.open();
  const std::vector<Loss> losses = rig.outbox->take_losses();
  ASSERT_EQ(losses.size(), 1u);
  EXPECT_EQ(losses[0].uplink, "up1");
  EXPECT_EQ(losses[0].samples, 4u);
  EXPECT_THAT(rig.next(0), ElementsAre(at));
  rig.settle(at);
  rig.pass(seconds(1));
  EXPECT_EQ(rig.outbox->counters().blocks, 0u);
  rig.wanted = 2;
  rig.open();
  EXPECT_THAT(rig.next(1), IsEmpty());
}

TEST(Outbox, write_ahead_hands_nothing_out_before_it_is_committed) {
  Rig rig;
  rig.settings.write_ahead = true;
  rig.open();
  const uint64_t at = rig.append();
  EXPECT_THAT(rig.next(), IsEmpty());
  ASSERT_TRUE(rig.outbox->commit().ok());
  EXPECT_THAT(rig.next(), ElementsAre(at));
  rig.kill();
  rig.open();
  EXPECT_THAT(rig.next(), ElementsAre(at));
}

TEST(Outbox, a_clean_stop_stores_what_is_young_and_remembers_every_settlement) {
  Rig rig;
  const uint64_t first = rig.append(), second = rig.append();
  rig.settle(first);
  rig.outbox.reset();
  rig.open();
  EXPECT_THAT(rig.next(), ElementsAre(second));
  rig.settle(second);
  rig.outbox.reset();
  rig.open();
  EXPECT_THAT(rig.next(), IsEmpty());
}

TEST(Outbox, an_uplink_with_sequence_number_zero_does_not_get_the_record) {
  Rig rig(2);
  OutboxEntry entry = rig.entry(record_of(*rig.names, rig.clock, 1, 1));
  entry.seq[1] = 0;
  rig.outbox->append(std::move(entry));
  EXPECT_THAT(rig.next(1), IsEmpty());
  rig.pass(seconds(1));
  EXPECT_THAT(rig.next(1), IsEmpty());
  EXPECT_EQ(rig.next(0).size(), 1u);
}

TEST(Outbox, beyond_kMaxUplinks_an_uplink_is_ignored_and_nobody_else_is_harmed) {
  Rig rig(kMaxUplinks);
  const UplinkIndex extra = rig.outbox->attach("one too many");
  EXPECT_THAT(rig.outbox->next(extra, 1, 1), IsEmpty());
  rig.append();
  rig.outbox->settle(extra, std::vector<uint64_t>{1});
  EXPECT_EQ(rig.next(kMaxUplinks - 1).size(), 1u);
}

TEST(Outbox, a_second_process_is_refused_and_harms_nothing) {
  Rig rig;
  Names names;
  std::vector<std::string> notes;
  auto second = Outbox::open(rig.settings, rig.clock, names, notes);
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.status().fault(), Fault::refused) << second.status().what();
  EXPECT_THAT(notes, IsEmpty());
  rig.append();
  EXPECT_TRUE(rig.outbox->commit().ok());
}

TEST(Outbox, the_moment_of_the_next_tick_is_when_something_is_due) {
  Rig rig;
  const MonoTime start = rig.clock.now();
  EXPECT_GE(rig.outbox->tick(), start + seconds(5));
  rig.append();
  EXPECT_EQ(rig.outbox->tick(), start + rig.settings.flush_after);
}

}  // namespace
}  // namespace ferrule

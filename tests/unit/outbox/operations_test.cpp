// What operators look at and give up.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/outbox/scratch.h"

namespace ferrule {
namespace {

using std::chrono::seconds;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

class Operations : public testing::Test {
 protected:
  std::vector<uint64_t> peek(uint64_t after = 0, size_t records = 1000, size_t samples = 1'000'000, size_t uplink = 0) {
    std::vector<uint64_t> positions;
    for (const Envelope& envelope : rig.outbox->peek(rig.indices[uplink], after, records, samples)) {
      positions.push_back(envelope.position);
    }
    return positions;
  }

  Rig rig{2};
};

TEST_F(Operations, looking_shows_what_is_stored_and_what_is_in_memory_in_hand_or_not_and_changes_nothing) {
  for (int i = 0; i < 3; ++i) rig.append();
  rig.pass(seconds(2));  // these are in a block
  rig.append();
  (void)rig.next(0, 2);
  rig.settle(1);
  EXPECT_THAT(peek(), ElementsAre(2, 3, 4));
  EXPECT_THAT(peek(0, 1000, 1'000'000, 1), ElementsAre(1, 2, 3, 4));
  EXPECT_THAT(rig.next(), ElementsAre(3, 4));
}

TEST_F(Operations, looking_ends_with_the_record_that_reaches_a_limit_and_goes_on_from_there) {
  for (int i = 0; i < 6; ++i) {
    rig.append(10);
    if (i == 2) rig.pass(seconds(2));
  }
  EXPECT_THAT(peek(0, 4), ElementsAre(1, 2, 3, 4));
  EXPECT_THAT(peek(4, 4), ElementsAre(5, 6));
  EXPECT_THAT(peek(0, 1000, 15), ElementsAre(1, 2));
  EXPECT_THAT(peek(2, 1000, 15), ElementsAre(3, 4));
}

TEST_F(Operations, a_purge_costs_the_one_uplink_everything_and_leaves_a_loss) {
  for (int i = 0; i < 3; ++i) rig.append(10);
  rig.pass(seconds(2));
  rig.append(10);
  (void)rig.next(0, 1);
  EXPECT_EQ(rig.outbox->purge(rig.indices[0]), 4u);
  EXPECT_THAT(peek(), IsEmpty());
  EXPECT_THAT(peek(0, 1000, 1'000'000, 1), SizeIs(4));
  const auto losses = rig.outbox->take_losses();
  ASSERT_THAT(losses, SizeIs(1));
  EXPECT_EQ(losses[0].uplink, "up0");
  EXPECT_EQ(losses[0].samples, 40u);
  EXPECT_EQ(losses[0].why, "purged by an operator");
  EXPECT_EQ(rig.outbox->counters().uplinks[0].dropped_samples, 40u);
  EXPECT_EQ(rig.outbox->counters().uplinks[0].waiting_records, 0u);
}

TEST_F(Operations, what_was_purged_does_not_come_back_after_a_power_cut) {
  for (int i = 0; i < 3; ++i) rig.append(10);
  rig.pass(seconds(2));
  rig.outbox->purge(rig.indices[0]);
  rig.pass(seconds(2));
  rig.kill();
  rig.open();
  EXPECT_THAT(rig.next(0), IsEmpty());
  EXPECT_THAT(rig.next(1), SizeIs(3));
}

TEST_F(Operations, dead_letters_can_be_read_with_their_records_and_purged) {
  for (int i = 0; i < 3; ++i) rig.append();
  rig.outbox->reject(rig.indices[0], 2, "payload format invalid");
  rig.outbox->reject(rig.indices[1], 3, "not authorized");
  const auto letters = rig.outbox->dead_letters(0, 10);
  ASSERT_TRUE(letters.ok()) << letters.status().what();
  ASSERT_THAT(*letters, SizeIs(2));
  EXPECT_EQ((*letters)[0].uplink, "up0");
  EXPECT_EQ((*letters)[0].why, "payload format invalid");
  EXPECT_EQ((*letters)[0].envelope.position, 2u);
  ASSERT_NE((*letters)[1].envelope.record, nullptr);
  EXPECT_EQ(sample_count(*(*letters)[1].envelope.record), 3u);
  EXPECT_THAT(*rig.outbox->dead_letters((*letters)[0].id, 10), SizeIs(1));
  EXPECT_THAT(*rig.outbox->dead_letters(0, 1), SizeIs(1));
  EXPECT_TRUE(rig.outbox->purge_dead_letters().ok());
  EXPECT_THAT(*rig.outbox->dead_letters(0, 10), IsEmpty());
  EXPECT_EQ(rig.outbox->counters().uplinks[0].dead_letters, 1u) << "what happened has happened";
}

}  // namespace
}  // namespace ferrule

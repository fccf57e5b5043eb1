#include "outbox/ledger.h"

#include <gtest/gtest.h>

#include <random>
#include <set>

namespace ferrule::outbox {
namespace {

Summary block(uint64_t first, uint64_t last, std::vector<Share> shares) {
  Summary summary;
  summary.first = first;
  summary.last = last;
  summary.records = last - first + 1;
  summary.shares = std::move(shares);
  return summary;
}

TEST(RangeSetTest, it_behaves_like_a_set_of_numbers) {
  std::mt19937 random(3);
  for (int round = 0; round < 200; ++round) {
    RangeSet ranges;
    std::set<uint64_t> numbers;
    for (int i = 0; i < 40; ++i) {
      const uint64_t first = random() % 60 + 1, last = first + random() % 6;
      const bool add = random() % 3 != 0;
      add ? ranges.add(first, last) : ranges.erase(first, last);
      for (uint64_t n = first; n <= last; ++n) {
        if (add) numbers.insert(n);
        if (!add) numbers.erase(n);
      }
    }
    for (uint64_t n = 1; n < 70; ++n) EXPECT_EQ(ranges.contains(n), numbers.contains(n));
    EXPECT_EQ(ranges.count(10, 40), static_cast<uint64_t>(std::distance(numbers.lower_bound(10), numbers.upper_bound(40))));
    for (auto before = ranges.ranges().begin(); before != ranges.ranges().end() && std::next(before) != ranges.ranges().end();
         ++before) {
      EXPECT_LT(before->second + 1, std::next(before)->first) << "ranges that touch are one";
    }
  }
}

TEST(LedgerTest, the_cursor_stops_before_the_first_block_that_is_not_done) {
  Ledger ledger;
  ledger.add(block(1, 3, {{1, 3, 30}}));
  ledger.add(block(4, 6, {{1, 3, 30}}));
  ledger.add(block(7, 9, {{1, 3, 30}}));
  for (const uint64_t position : {1, 2, 3, 5, 7, 8, 9}) EXPECT_TRUE(ledger.settle(1, position, 10));
  EXPECT_FALSE(ledger.settle(1, 5, 10)) << "once";
  EXPECT_FALSE(ledger.settle(1, 99, 10));
  const CursorState cursor = ledger.cursor(1);
  EXPECT_EQ(cursor.position, 3u);
  EXPECT_TRUE(cursor.settled.contains(5));
  EXPECT_FALSE(cursor.settled.contains(4));
  EXPECT_TRUE(cursor.settled.covers(7, 9));
  EXPECT_EQ(ledger.left(1).records, 2u);
  EXPECT_EQ(ledger.left(1).samples, 20u);
}

TEST(LedgerTest, a_cursor_that_went_through_bytes_gives_the_same_ledger) {
  Ledger before;
  for (uint64_t first = 1; first < 40; first += 4) before.add(block(first, first + 3, {{1, 4, 4}, {2, 4, 4}}));
  std::mt19937 random(5);
  for (int i = 0; i < 25; ++i) before.settle(1, 1 + random() % 40, 1);
  const Result<CursorState> state = decode_cursor(encode(before.cursor(1)));
  ASSERT_TRUE(state.ok());
  Ledger after;
  for (const auto& [first, stored] : before.blocks()) after.add(stored.summary);
  std::vector<uint64_t> partly;
  after.start(1, *state, partly);
  for (uint64_t position = 1; position <= 40; ++position)
    EXPECT_EQ(after.settled(1, position), before.settled(1, position)) << position;
  for (uint64_t position = 1; position <= 40; ++position) EXPECT_FALSE(after.settled(2, position));
}

TEST(LedgerTest, a_damaged_cursor_is_refused) {
  CursorState state;
  state.position = 300;
  state.settled.add(310, 320);
  const std::string bytes = encode(state);
  for (size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    std::string broken = bytes;
    broken[bit / 8] = static_cast<char>(broken[bit / 8] ^ (1 << (bit % 8)));
    EXPECT_FALSE(decode_cursor(broken).ok());
  }
}

TEST(LedgerTest, a_block_is_done_when_nobody_needs_it) {
  Ledger ledger;
  ledger.add(block(1, 1, {{1, 1, 1}, {2, 1, 1}}));
  EXPECT_TRUE(ledger.settle(1, 1, 1));
  EXPECT_FALSE(ledger.blocks().begin()->second.done());
  ledger.remove(2);
  EXPECT_TRUE(ledger.blocks().begin()->second.done());
}

}  // namespace
}  // namespace ferrule::outbox

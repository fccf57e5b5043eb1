#include "host/balance.h"

#include <gtest/gtest.h>

namespace ferrule {
namespace {

OutboxCounters counters(std::initializer_list<OutboxCounters::PerUplink> uplinks) {
  OutboxCounters made;
  made.uplinks = uplinks;
  return made;
}

TEST(BalanceBook, what_an_earlier_start_stored_counts_as_read) {
  BalanceBook book;
  book.attached(counters({{"cloud", 3, 30, 0, 0, 0}}));
  book.attached(
      counters({{"cloud", 3, 35, 2, 0, 0}, {"plant", 0, 0, 0, 0, 0}}));  // a second uplink changes nothing for the first
  const auto balances = book.at({{100, 40, 5}}, counters({{"cloud", 1, 12, 63, 10, 1}, {"plant", 0, 0, 0, 0, 0}}));
  ASSERT_EQ(balances.size(), 2u);
  const Balance& cloud = balances[0];
  EXPECT_EQ(cloud.read, 130u);
  EXPECT_EQ(cloud.dropped, 15u);
  EXPECT_EQ(cloud.read, cloud.sent + cloud.stored + cloud.suppressed + cloud.dropped);
  EXPECT_EQ(balances[1].read, 0u) << "nothing has been counted for it yet";
}

}  // namespace
}  // namespace ferrule

#include "bus/live_feed.h"

#include <gtest/gtest.h>

#include <thread>

namespace ferrule {
namespace {

Sample sample(uint32_t tag, int64_t value) { return {value, MonoTime(std::chrono::seconds(10)), TagId{tag}}; }

std::vector<int64_t> values(LiveFeed::Subscriber& subscriber, uint64_t& lost) {
  std::vector<int64_t> out;
  for (const LiveSample& live : subscriber.drain(lost)) out.push_back(live.sample.value.as_int());
  return out;
}

TEST(LiveFeed, a_subscriber_gets_the_tags_that_it_named_in_order_and_stamped) {
  LiveFeed feed;
  const TagId wanted[] = {TagId{1}, TagId{7}};
  const auto some = feed.subscribe(wanted, nullptr);
  const auto all = feed.subscribe({}, nullptr);
  feed.publish(std::vector{sample(1, 10), sample(2, 20), sample(7, 70), sample(9, 90)}, std::chrono::seconds(100));
  uint64_t lost = 1;
  EXPECT_EQ(values(*some, lost), (std::vector<int64_t>{10, 70}));
  EXPECT_EQ(lost, 0U);
  const auto live = all->drain(lost);
  ASSERT_EQ(live.size(), 4U);
  EXPECT_EQ(live[0].timestamp, WallTime(std::chrono::seconds(110)));
}

TEST(LiveFeed, ready_is_called_when_a_drained_queue_has_something_again) {
  LiveFeed feed;
  int calls = 0;
  const TagId wanted[] = {TagId{1}};
  const auto subscriber = feed.subscribe(wanted, [&] { ++calls; });
  feed.publish(std::vector{sample(2, 0)}, {});
  EXPECT_EQ(calls, 0);
  feed.publish(std::vector{sample(1, 0)}, {});
  feed.publish(std::vector{sample(1, 0)}, {});
  EXPECT_EQ(calls, 1);
  uint64_t lost = 0;
  EXPECT_EQ(subscriber->drain(lost).size(), 2U);
  feed.publish(std::vector{sample(1, 0)}, {});
  EXPECT_EQ(calls, 2);
}

TEST(LiveFeed, a_slow_subscriber_loses_its_oldest_samples_and_harms_nobody_else) {
  LiveFeed feed;
  const auto slow = feed.subscribe({}, nullptr);
  const auto quick = feed.subscribe({}, nullptr);
  uint64_t lost = 0;
  const auto count = static_cast<int64_t>(LiveFeed::kQueueLimit) + 5;
  for (int64_t i = 0; i < count; ++i) {
    feed.publish(std::vector{sample(1, i)}, {});
    EXPECT_EQ(values(*quick, lost), std::vector<int64_t>{i});
    EXPECT_EQ(lost, 0U);
  }
  const auto kept = values(*slow, lost);
  EXPECT_EQ(lost, 5U);
  ASSERT_EQ(kept.size(), LiveFeed::kQueueLimit);
  EXPECT_EQ(kept.front(), 5);
  EXPECT_EQ(kept.back(), count - 1);
  EXPECT_TRUE(std::is_sorted(kept.begin(), kept.end()));
  EXPECT_TRUE(values(*slow, lost).empty());
  EXPECT_EQ(lost, 0U);
}

TEST(LiveFeed, ready_does_not_run_after_the_subscription_has_ended) {
  LiveFeed feed;
  std::atomic<bool> over{false};
  std::thread publisher([&] {
    while (!over) feed.publish(std::vector{sample(1, 0)}, {});
  });
  for (int i = 0; i < 2000; ++i) {
    auto alive = std::make_unique<std::atomic<int>>(0);
    auto subscriber = feed.subscribe({}, [&counter = *alive] { ++counter; });
    uint64_t lost = 0;
    (void)subscriber->drain(lost);
    subscriber.reset();
    alive.reset();  // a late call would be a use after free, which the sanitizers see
  }
  over = true;
  publisher.join();
}

}  // namespace
}  // namespace ferrule

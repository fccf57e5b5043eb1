#include "core/bounded_queue.h"

#include <gtest/gtest.h>

#include <memory>
#include <thread>

namespace ferrule {
namespace {

using namespace std::chrono_literals;

MonoTime in(Duration time) { return SystemClock().now() + time; }
const MonoTime kPast = MonoTime::min();

TEST(BoundedQueue, everything_that_waits_comes_in_one_go_and_in_order) {
  BoundedQueue<int> queue(10);
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(queue.push(int{i}));
  EXPECT_EQ(queue.size(), 3u);
  std::vector<int> out;
  EXPECT_TRUE(queue.drain(out));
  EXPECT_EQ(out, (std::vector{0, 1, 2}));
  EXPECT_EQ(queue.size(), 0u);
}

TEST(BoundedQueue, a_full_queue_refuses_and_leaves_the_item_alone) {
  BoundedQueue<std::unique_ptr<int>> queue(1);
  EXPECT_TRUE(queue.push(std::make_unique<int>(1)));
  auto second = std::make_unique<int>(2);
  EXPECT_FALSE(queue.push(std::move(second)));
  ASSERT_NE(second, nullptr);  // NOLINT(bugprone-use-after-move): that is the contract
  EXPECT_EQ(*second, 2);
  std::vector<std::unique_ptr<int>> out;
  EXPECT_TRUE(queue.drain(out));
  EXPECT_EQ(out.size(), 1u);
  EXPECT_TRUE(queue.push(std::move(second))) << "there is room again";
}

TEST(BoundedQueue, push_always_ignores_the_limit_but_not_the_end) {
  BoundedQueue<int> queue(1);
  queue.push_always(1);
  queue.push_always(2);
  EXPECT_EQ(queue.size(), 2u);
  EXPECT_FALSE(queue.push(3));
  queue.close();
  queue.push_always(4);
  EXPECT_EQ(queue.size(), 2u);
}

TEST(BoundedQueue, what_was_pushed_before_the_end_is_still_drained) {
  BoundedQueue<int> queue(10);
  EXPECT_TRUE(queue.push(1));
  queue.close();
  EXPECT_FALSE(queue.push(2));
  std::vector<int> out;
  EXPECT_TRUE(queue.drain(out));
  EXPECT_EQ(out, std::vector{1});
  out.clear();
  EXPECT_FALSE(queue.drain(out));
  EXPECT_FALSE(queue.drain(out, in(1h)));
}

TEST(BoundedQueue, waiting_ends_when_its_time_has_come) {
  BoundedQueue<int> queue(10);
  std::vector<int> out;
  EXPECT_TRUE(queue.drain(out, kPast));
  EXPECT_TRUE(queue.drain(out, in(1ms)));
  EXPECT_TRUE(out.empty());
}

TEST(BoundedQueue, wake_ends_one_wait_even_when_it_came_first) {
  BoundedQueue<int> queue(10);
  queue.wake();
  std::vector<int> out;
  EXPECT_TRUE(queue.drain(out));  // would wait for ever
  EXPECT_TRUE(out.empty());
}

TEST(BoundedQueue, close_ends_a_wait) {
  BoundedQueue<int> queue(10);
  std::vector<int> out;
  std::thread closer([&] { queue.close(); });
  EXPECT_FALSE(queue.drain(out));
  closer.join();
}

TEST(BoundedQueue, many_producers_lose_nothing_that_was_taken) {
  BoundedQueue<int> queue(64);
  constexpr int kProducers = 4;
  constexpr int kItems = 5000;
  std::vector<std::thread> producers;
  std::atomic<int> refused{0};
  for (int producer = 0; producer < kProducers; ++producer) {
    producers.emplace_back([&, producer] {
      for (int i = 0; i < kItems; ++i) {
        if (!queue.push(producer * kItems + i)) ++refused;
      }
    });
  }
  std::thread closer([&] {
    for (std::thread& producer : producers) producer.join();
    queue.close();
  });
  std::vector<int> latest(kProducers, -1);
  int taken = 0;
  std::vector<int> out;
  while (queue.drain(out)) {
    EXPECT_LE(out.size(), 64u);
    for (const int item : out) {
      int& before = latest[static_cast<size_t>(item / kItems)];
      EXPECT_LT(before, item % kItems) << "out of order";
      before = item % kItems;
      ++taken;
    }
    out.clear();
  }
  closer.join();
  EXPECT_EQ(taken + refused, kProducers * kItems);
}

}  // namespace
}  // namespace ferrule

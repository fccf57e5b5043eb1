// The same command id again: one effect, one outcome.
#include "host/command_memory.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

namespace ferrule {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

const MonoTime kNow = MonoTime() + std::chrono::hours(1);

WriteRequest wanted(const std::string& id, double value = 65, const std::string& tag = "boiler.setpoint") {
  return {.tag = tag, .value = Value(value), .id = id};
}

class RememberedCommand : public testing::Test {
 protected:
  // What begin() said, and later what its repeat was told.
  Result<bool> begin(const WriteRequest& request, MonoTime now = kNow) {
    return memory.begin(
        request, [this](const WriteReply& reply) { told.push_back(reply); }, now);
  }
  void carry_out(const std::string& id, CommandResult result, MonoTime now = kNow) {
    ASSERT_TRUE(*begin(wanted(id), now));
    memory.end({id, result, "because"}, now);
  }

  CommandMemory memory;
  std::vector<WriteReply> told;
};

TEST_F(RememberedCommand, a_repeat_is_told_the_first_outcome_whatever_it_was) {
  const CommandResult results[] = {CommandResult::done, CommandResult::refused, CommandResult::expired, CommandResult::failed,
                                   CommandResult::unknown};
  for (const CommandResult result : results) {
    const std::string id(to_text(result));
    carry_out(id, result);
    EXPECT_TRUE(told.empty()) << "the first is told by whoever carries it out";
    EXPECT_FALSE(*begin(wanted(id)));
    ASSERT_EQ(told.size(), 1u);
    EXPECT_EQ(told[0].result, result);
    EXPECT_EQ(told[0].id, id);
    EXPECT_EQ(told[0].reason, "because");
    EXPECT_TRUE(told[0].repeated);
    told.clear();
  }
}

TEST_F(RememberedCommand, repeats_of_one_that_is_under_way_wait_for_it) {
  EXPECT_TRUE(*begin(wanted("a")));
  for (size_t i = 0; i < CommandMemory::kMostWaiting; ++i) EXPECT_FALSE(*begin(wanted("a")));
  EXPECT_EQ(begin(wanted("a")).status().fault(), Fault::full);
  EXPECT_TRUE(told.empty());
  memory.end({"a", CommandResult::done, {}}, kNow);
  EXPECT_EQ(told.size(), CommandMemory::kMostWaiting);
}

TEST_F(RememberedCommand, an_id_belongs_to_one_tag_and_value) {
  carry_out("a", CommandResult::done);
  for (const WriteRequest& other : {wanted("a", 66), wanted("a", 65, "boiler.mode")}) {
    const auto begun = begin(other);
    EXPECT_EQ(begun.status().fault(), Fault::invalid);
    EXPECT_NE(begun.status().what().find("boiler.setpoint = 65"), std::string::npos) << begun.status().what();
  }
  EXPECT_TRUE(told.empty());
}

TEST_F(RememberedCommand, is_forgotten_when_its_time_is_over) {
  carry_out("a", CommandResult::done);
  EXPECT_FALSE(*begin(wanted("a"), kNow + CommandMemory::kRemembered - seconds(1)));
  EXPECT_TRUE(*begin(wanted("a", 66), kNow + CommandMemory::kRemembered)) << "the id is free again";
}

TEST_F(RememberedCommand, the_oldest_outcome_makes_room_and_one_under_way_never_does) {
  EXPECT_TRUE(*begin(wanted("slow")));
  for (size_t i = 1; i < CommandMemory::kMost; ++i) carry_out(std::to_string(i), CommandResult::done);
  EXPECT_FALSE(*begin(wanted("2")));
  carry_out("more", CommandResult::done);
  EXPECT_TRUE(*begin(wanted("1"))) << "the one that ended first is forgotten";
  EXPECT_FALSE(*begin(wanted("slow")));
}

TEST_F(RememberedCommand, where_nothing_can_be_forgotten_a_new_one_is_refused) {
  for (size_t i = 0; i < CommandMemory::kMost; ++i) ASSERT_TRUE(*begin(wanted(std::to_string(i))));
  EXPECT_EQ(begin(wanted("more")).status().fault(), Fault::full);
}

// Run by the thread sanitizer, too.
TEST_F(RememberedCommand, of_many_that_come_at_once_one_is_carried_out_and_all_are_told) {
  std::atomic<int> carried_out{0}, repeats{0};
  std::vector<std::thread> senders;
  for (int sender = 0; sender < 8; ++sender) {
    senders.emplace_back([&] {
      const auto first = memory.begin(
          wanted("a"), [&](const WriteReply&) { ++repeats; }, kNow);
      if (!*first) return;
      ++carried_out;
      memory.end({"a", CommandResult::done, {}}, kNow);
    });
  }
  for (std::thread& sender : senders) sender.join();
  EXPECT_EQ(carried_out, 1);
  EXPECT_EQ(repeats, 7);
}

}  // namespace
}  // namespace ferrule

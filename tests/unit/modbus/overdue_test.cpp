#include "modbus/overdue.h"

#include <gtest/gtest.h>

namespace ferrule::modbus {

namespace {

using namespace std::chrono_literals;

constexpr MonoTime kStart{1h};
const Question kA{.unit = 5, .function = Function::read_holding, .address = 100, .count = 10};
const Question kB{.unit = 5, .function = Function::read_holding, .address = 200, .count = 10};

TEST(OverdueReplies, nothing_is_held_off_on_a_healthy_line) {
  OverdueReplies overdue;
  overdue.answered(kA, kStart, kStart + 20ms);
  EXPECT_EQ(overdue.free_at(kB, kStart + 20ms), kStart + 20ms);
}

TEST(OverdueReplies, a_question_that_a_late_reply_would_fit_waits_another_timeout) {
  OverdueReplies overdue;
  overdue.missed(kA, kStart, kStart + 1s);
  EXPECT_EQ(overdue.free_at(kB, kStart + 1s), kStart + 2s);
  EXPECT_EQ(overdue.free_at(kB, kStart + 3s), kStart + 3s);
}

TEST(OverdueReplies, the_same_question_other_lengths_functions_and_units_go_at_once) {
  OverdueReplies overdue;
  const MonoTime now = kStart + 1s;
  overdue.missed(kA, kStart, now);
  EXPECT_EQ(overdue.free_at(kA, now), now);
  Question other = kB;
  other.count = 11;
  EXPECT_EQ(overdue.free_at(other, now), now);
  other = kB;
  other.function = Function::read_input;
  EXPECT_EQ(overdue.free_at(other, now), now);
  other = kB;
  other.unit = 6;
  EXPECT_EQ(overdue.free_at(other, now), now);
}

TEST(OverdueReplies, coils_are_compared_by_the_bytes_of_their_reply) {
  OverdueReplies overdue;
  Question coils{.unit = 5, .function = Function::read_coils, .address = 0, .count = 8};
  overdue.missed(coils, kStart, kStart + 1s);
  coils.count = 3;  // one byte, too
  EXPECT_EQ(overdue.free_at(coils, kStart + 1s), kStart + 2s);
}

TEST(OverdueReplies, a_late_reply_settles_it) {
  OverdueReplies overdue;
  overdue.missed(kA, kStart, kStart + 1s);
  overdue.came_late(5, 3, 22);
  EXPECT_TRUE(overdue.expects_from(5)) << "another length: not this one";
  overdue.came_late(5, 3, 20);
  EXPECT_FALSE(overdue.expects_from(5));
  EXPECT_EQ(overdue.free_at(kB, kStart + 1s), kStart + 1s);
}

TEST(OverdueReplies, after_a_repeat_was_answered_the_second_reply_is_still_waited_for) {
  OverdueReplies overdue;
  overdue.missed(kA, kStart, kStart + 1s);
  overdue.answered(kA, kStart + 1s, kStart + 1500ms);  // perhaps the first reply, 1.5 s after its question
  EXPECT_GE(overdue.free_at(kB, kStart + 1500ms), kStart + 2500ms);
}

TEST(OverdueReplies, the_confirmation_of_several_registers_is_not_taken_for_a_repeated_write) {
  OverdueReplies overdue;
  const Question write{.unit = 5, .function = Function::write_registers, .address = 100, .count = 2};
  overdue.missed(write, kStart, kStart + 1s);
  EXPECT_EQ(overdue.free_at(write, kStart + 1s), kStart + 2s);
}

TEST(OverdueReplies, a_unit_that_is_dead_for_long_never_holds_the_line_longer_than_two_timeouts) {
  OverdueReplies overdue;
  for (int turn = 0; turn < 1000; ++turn) overdue.missed(kA, kStart + turn * 10s, kStart + turn * 10s + 1s);
  const MonoTime now = kStart + 999 * 10s + 1s;
  EXPECT_LE(overdue.free_at(kB, now), now + 2s);
}

TEST(OverdueReplies, its_memory_is_bounded) {
  OverdueReplies overdue;
  Question question = kA;
  for (uint16_t address = 0; address < 10000; ++address) {
    question.address = address;
    overdue.missed(question, kStart, kStart + 1s);
  }
  EXPECT_EQ(overdue.free_at(kB, kStart + 1s), kStart + 2s);
}

}  // namespace

}  // namespace ferrule::modbus

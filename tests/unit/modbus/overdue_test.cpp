#include "modbus/overdue.h"

#include <gtest/gtest.h>

namespace ferrule::modbus {

namespace {

using namespace std::chrono_literals;

constexpr MonoTime kStart{1h};
const Question kA{.unit = 5, .function = Function::read_holding, .address = 100, .count = 10};
const Question kB{.unit = 5, .function = Function::read_holding, .address = 200, .count = 10};

// Late windows of 2 s.
struct Overdue : OverdueReplies {
  Overdue() : OverdueReplies(LateWindows(2s)) {}
};

TEST(OverdueReplies, nothing_is_held_off_on_a_healthy_line) {
  Overdue overdue;
  overdue.answered(kA, kStart, kStart + 20ms);
  EXPECT_EQ(overdue.free_at(kB, kStart + 20ms), kStart + 20ms);
}

TEST(OverdueReplies, after_a_miss_others_of_the_unit_and_function_wait_until_the_late_window_has_passed) {
  Overdue overdue;
  const MonoTime now = kStart + 1s;
  overdue.missed(kA, kStart, now);
  EXPECT_EQ(overdue.free_at(kB, now), kStart + 2s);
  EXPECT_EQ(overdue.free_at(kB, kStart + 3s), kStart + 3s);
  Question other = kB;
  other.count = 11;
  EXPECT_EQ(overdue.free_at(other, now), kStart + 2s) << "a late exception would fit";
}

TEST(OverdueReplies, the_same_question_other_functions_and_units_go_at_once) {
  Overdue overdue;
  const MonoTime now = kStart + 1s;
  overdue.missed(kA, kStart, now);
  EXPECT_EQ(overdue.free_at(kA, now), now);
  Question other = kB;
  other.function = Function::read_input;
  EXPECT_EQ(overdue.free_at(other, now), now);
  other = kB;
  other.unit = 6;
  EXPECT_EQ(overdue.free_at(other, now), now);
}

TEST(OverdueReplies, the_late_reply_of_a_question_that_was_sent_once_settles_it) {
  Overdue overdue;
  const MonoTime now = kStart + 1s;
  overdue.missed(kA, kStart, now);
  overdue.came_late(5, 3, 22, now);
  EXPECT_EQ(overdue.free_at(kB, now), kStart + 2s) << "another length: not this one";
  overdue.came_late(5, 3, 20, now);
  EXPECT_EQ(overdue.free_at(kB, now), now);
}

TEST(OverdueReplies, a_late_exception_settles_it_too) {
  Overdue overdue;
  overdue.missed(kA, kStart, kStart + 1s);
  overdue.came_late(5, 3, std::nullopt, kStart + 1s);
  EXPECT_EQ(overdue.free_at(kB, kStart + 1s), kStart + 1s);
}

TEST(OverdueReplies, after_a_repeat_its_window_counts_from_the_repeat_whatever_was_heard) {
  Overdue overdue;
  overdue.missed(kA, kStart, kStart + 1s);
  overdue.answered(kA, kStart + 1s, kStart + 1500ms);  // perhaps the first reply, 1.5 s after its question
  EXPECT_EQ(overdue.free_at(kB, kStart + 1500ms), kStart + 3s);
  overdue.came_late(5, 3, 20, kStart + 1600ms);  // perhaps the first reply once more
  EXPECT_EQ(overdue.free_at(kB, kStart + 1600ms), kStart + 3s);
}

TEST(OverdueReplies, a_window_is_learnt_from_the_worst_reply_unless_the_user_has_set_it) {
  LateWindows windows(2s);
  windows.set(6, 2s, true);
  OverdueReplies overdue(windows);
  for (const uint8_t unit : {5, 6}) {
    Question question = kA;
    question.unit = unit;
    overdue.missed(question, kStart, kStart + 1s);
    overdue.came_late(unit, 3, 20, kStart + 4s);
  }
  EXPECT_EQ(overdue.window(5), 5s);
  EXPECT_EQ(overdue.window(6), 2s);
  overdue.missed(kA, kStart + 10s, kStart + 11s);
  overdue.came_late(5, 3, 20, kStart + 11s);
  EXPECT_EQ(overdue.window(5), 5s) << "it never shrinks";
}

TEST(OverdueReplies, a_reply_that_came_at_an_unknown_time_settles_its_question_and_teaches_nothing) {
  Overdue overdue;
  overdue.missed(kA, kStart, kStart + 1s);
  overdue.came_late(5, 3, 20, std::nullopt);
  EXPECT_EQ(overdue.window(5), 2s);
  EXPECT_EQ(overdue.free_at(kB, kStart + 1s), kStart + 1s);
}

TEST(OverdueReplies, a_late_reply_that_fits_two_questions_is_timed_from_the_later_and_settles_the_earlier) {
  Overdue overdue;
  overdue.missed(kA, kStart, kStart + 1s);
  overdue.missed(kB, kStart + 10s, kStart + 11s);
  overdue.came_late(5, 3, 20, kStart + 11s);
  EXPECT_EQ(overdue.window(5), 2s) << "not the 11 s since A";
  Question c = kA;
  c.address = 300;
  EXPECT_EQ(overdue.free_at(c, kStart + 11s), kStart + 12s) << "B's may come yet, if this was A's";
}

TEST(OverdueReplies, a_write_is_not_repeated_while_its_confirmation_may_still_come) {
  Overdue overdue;
  const Question write{.unit = 5, .function = Function::write_registers, .address = 100, .count = 2};
  overdue.missed(write, kStart, kStart + 1s);
  EXPECT_EQ(overdue.free_at(write, kStart + 1s), kStart + 2s);
}

TEST(OverdueReplies, a_unit_that_is_dead_for_long_is_never_held_off_longer_than_its_window) {
  Overdue overdue;
  for (int turn = 0; turn < 1000; ++turn) overdue.missed(kA, kStart + turn * 10s, kStart + turn * 10s + 1s);
  const MonoTime now = kStart + 999 * 10s + 1s;
  EXPECT_LE(overdue.free_at(kB, now), now + 2s);
}

TEST(OverdueReplies, its_memory_is_bounded) {
  Overdue overdue;
  Question question = kA;
  for (uint16_t address = 0; address < 10000; ++address) {
    question.address = address;
    overdue.missed(question, kStart, kStart + 1s);
  }
  EXPECT_EQ(overdue.free_at(kB, kStart + 1s), kStart + 2s);
}

}  // namespace

}  // namespace ferrule::modbus

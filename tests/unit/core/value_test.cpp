#include "core/value.h"

#include <gtest/gtest.h>

#include <cmath>
#include <thread>
#include <vector>

#include "core/sample.h"

namespace ferrule {
namespace {

const std::vector<Value>& one_of_each() {
  static const std::vector<Value> kValues = {Value(), true, int64_t{-5},      uint64_t{5},
                                             2.5f,    2.5,  Value::text("x"), Value::bytes("x")};
  return kValues;
}

TEST(Value, only_the_same_kind_and_value_is_equal) {
  for (size_t i = 0; i < one_of_each().size(); ++i) {
    for (size_t j = 0; j < one_of_each().size(); ++j) {
      EXPECT_EQ(one_of_each()[i] == one_of_each()[j], i == j) << i << " " << j;
    }
  }
  EXPECT_EQ(Value::text("ab"), Value::text(std::string("a") + "b"));
  EXPECT_FALSE(Value(1.0) == Value(1.5));
  EXPECT_FALSE(Value(1.0f) == Value(1.5f));
  EXPECT_EQ(Value(std::nan("")), Value(std::nan("")));
  EXPECT_FALSE(Value(0.0) == Value(-0.0));
  EXPECT_FALSE(Value(1.0) == Value(int64_t{1}));
}

TEST(Value, numbers_and_booleans_have_a_double) {
  const std::pair<Value, std::optional<double>> cases[] = {{Value(), {}},
                                                           {true, 1},
                                                           {false, 0},
                                                           {int64_t{-5}, -5},
                                                           {uint64_t{18446744073709551615u}, 18446744073709551616.0},
                                                           {2.5f, 2.5},
                                                           {2.5, 2.5},
                                                           {Value::text("5"), {}},
                                                           {Value::bytes("5"), {}}};
  for (const auto& [value, expected] : cases) EXPECT_EQ(value.number(), expected) << to_text(value);
}

TEST(Value, knows_what_it_is) {
  const bool is_number[] = {false, false, true, true, true, true, false, false};
  const bool is_integer[] = {false, false, true, true, false, false, false, false};
  const std::string_view kind[] = {"none", "bool", "int64", "uint64", "float32", "float64", "text", "bytes"};
  for (size_t i = 0; i < one_of_each().size(); ++i) {
    EXPECT_EQ(one_of_each()[i].is_number(), is_number[i]) << i;
    EXPECT_EQ(one_of_each()[i].is_integer(), is_integer[i]) << i;
    EXPECT_EQ(to_text(one_of_each()[i].kind()), kind[i]);
    EXPECT_EQ(one_of_each()[i].empty(), i == 0);
    EXPECT_EQ(one_of_each()[i].is_text(), i == 6);
  }
}

TEST(Value, prints_as_a_user_reads_it) {
  const std::pair<Value, std::string_view> cases[] = {{Value(), "none"},
                                                      {true, "true"},
                                                      {false, "false"},
                                                      {int64_t{-5}, "-5"},
                                                      {uint64_t{5}, "5"},
                                                      {81.4f, "81.4"},
                                                      {81.4, "81.4"},
                                                      {Value::text("off"), "off"},
                                                      {Value::bytes("\x01\xfe"), "01fe"}};
  for (const auto& [value, expected] : cases) EXPECT_EQ(to_text(value), expected);
}

TEST(Value, text_outlives_its_source_and_is_shared_by_copies) {
  Value copy;
  {
    std::string source = "a rather long text that is not kept in place";
    const Value value = Value::text(source);
    source[0] = 'X';
    copy = value;
    EXPECT_EQ(copy.as_text().data(), value.as_text().data());
  }
  EXPECT_EQ(copy.as_text(), "a rather long text that is not kept in place");
}

TEST(Value, survives_assignment_in_every_direction) {
  for (const Value& from : one_of_each()) {
    for (const Value& to : one_of_each()) {
      Value value = to;
      value = from;
      EXPECT_EQ(value, from);
      Value& itself = value;
      value = itself;
      EXPECT_EQ(value, from);
      const Value moved = std::move(value);
      EXPECT_EQ(moved, from);
      EXPECT_TRUE(value.empty());  // NOLINT(bugprone-use-after-move): that is the contract
    }
  }
}

TEST(Value, copies_of_one_text_may_live_on_many_threads) {
  const Value value = Value::text("shared");
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([copy = value] {
      for (int round = 0; round < 10000; ++round) {
        const Value another = copy;
        ASSERT_EQ(another.as_text(), "shared");
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(value.as_text(), "shared");
}

// Names of reasons are in payloads and stored blocks: a change here breaks users.
TEST(Sample, names_of_qualities_and_reasons_do_not_change) {
  const std::string_view reasons[] = {"none",    "not_read_yet", "timeout",      "link_down", "device_refused", "bad_reply",
                                      "overrun", "out_of_range", "not_a_number", "stale",     "rule_failed"};
  for (size_t i = 0; i < std::size(reasons); ++i) EXPECT_EQ(to_text(static_cast<Reason>(i)), reasons[i]);
  EXPECT_EQ(to_text(Quality::good), "good");
  EXPECT_EQ(to_text(Quality::uncertain), "uncertain");
  EXPECT_EQ(to_text(Quality::bad), "bad");
}

}  // namespace
}  // namespace ferrule

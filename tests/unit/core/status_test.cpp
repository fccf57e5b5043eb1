#include "core/status.h"

#include <gtest/gtest.h>

#include <memory>

#include "core/record.h"

namespace ferrule {
namespace {

TEST(Status, says_whether_the_same_call_may_succeed_later) {
  struct Case {
    Fault fault;
    std::string_view name;
    bool retry;
  };
  const Case cases[] = {
      {Fault::none, "none", false},
      {Fault::invalid, "invalid", false},
      {Fault::not_found, "not_found", false},
      {Fault::refused, "refused", false},
      {Fault::timeout, "timeout", true},
      {Fault::disconnected, "disconnected", true},
      {Fault::bad_reply, "bad_reply", true},
      {Fault::full, "full", true},
      {Fault::io, "io", true},
      {Fault::corrupt, "corrupt", false},
      {Fault::cancelled, "cancelled", false},
  };
  for (const Case& one : cases) {
    const Status status(one.fault, 7, "why");
    EXPECT_EQ(status.worth_retrying(), one.retry) << one.name;
    EXPECT_EQ(status.ok(), one.fault == Fault::none);
    EXPECT_EQ(to_text(one.fault), one.name);
    EXPECT_EQ(status.detail(), 7);
    EXPECT_EQ(status.what(), "why");
  }
  EXPECT_TRUE(Status());
}

TEST(Result, holds_a_value_or_the_reason_why_not) {
  Result<std::unique_ptr<int>> good(std::make_unique<int>(5));
  ASSERT_TRUE(good);
  EXPECT_EQ(**good, 5);
  const std::unique_ptr<int> taken = std::move(good).value();
  EXPECT_EQ(*taken, 5);
  EXPECT_TRUE(good.status().ok());

  const Result<std::unique_ptr<int>> bad(Fault::timeout, "no answer");
  ASSERT_FALSE(bad);
  EXPECT_EQ(bad.status().fault(), Fault::timeout);
  EXPECT_EQ(bad.status().what(), "no answer");
}

TEST(Record, counts_samples_only) {
  Record record;
  record.body = Samples(3);
  EXPECT_EQ(sample_count(record), 3u);
  record.body = Alarm();
  EXPECT_EQ(sample_count(record), 0u);
}

TEST(Clock, milliseconds_since_1970_lead_there_and_back) {
  EXPECT_EQ(unix_ms(from_unix_ms(1763712345678)), 1763712345678);
  EXPECT_EQ(unix_ms(from_unix_ms(0)), 0);
}

}  // namespace
}  // namespace ferrule

#include "bus/tag_table.h"

#include <gtest/gtest.h>

namespace ferrule {
namespace {

Sample sample(uint32_t tag, double value) { return {value, MonoTime(std::chrono::seconds(1)), TagId{tag}}; }

TEST(TagTable, knows_only_what_is_configured) {
  TagTable table;
  EXPECT_FALSE(table.latest(TagId{3}).has_value());
  table.add(TagId{3});
  EXPECT_EQ(table.latest(TagId{3})->sample.reason, Reason::not_read_yet);
  EXPECT_FALSE(table.latest(TagId{2}).has_value());
  table.update(std::vector{sample(2, 1), sample(3, 2), sample(99, 3)}, std::chrono::seconds(5));
  EXPECT_FALSE(table.latest(TagId{2}).has_value());
  EXPECT_EQ(table.latest(TagId{3})->sample.value, Value(2.0));
  EXPECT_EQ(table.latest(TagId{3})->timestamp, WallTime(std::chrono::seconds(6)));
  EXPECT_EQ(table.all().size(), 1U);
}

TEST(TagTable, adding_again_keeps_the_latest_value_and_removing_forgets_it) {
  TagTable table;
  table.add(TagId{0});
  table.update(std::vector{sample(0, 1), sample(0, 2)}, {});
  table.add(TagId{0});
  EXPECT_EQ(table.latest(TagId{0})->changes, 2U);
  table.remove(TagId{0});
  table.remove(TagId{77});
  EXPECT_FALSE(table.latest(TagId{0}).has_value());
  table.add(TagId{0});
  EXPECT_EQ(table.latest(TagId{0})->changes, 0U);
}

TEST(TagTable, gives_back_all_that_the_last_sample_said) {
  TagTable table;
  for (const uint32_t tag : {0U, 1U}) table.add(TagId{tag});
  Sample refused = sample(1, 0);
  refused.value = Value();
  refused.quality = Quality::bad;
  refused.reason = Reason::device_refused;
  refused.detail = 2;
  table.update(std::vector{sample(0, 7), refused}, {});
  const Sample latest = table.latest(TagId{1})->sample;
  EXPECT_TRUE(latest.value.empty());
  EXPECT_EQ(latest.read_at, refused.read_at);
  EXPECT_EQ(latest.tag, TagId{1});
  EXPECT_EQ(latest.quality, Quality::bad);
  EXPECT_EQ(latest.reason, Reason::device_refused);
  EXPECT_EQ(latest.detail, 2);
  EXPECT_EQ(table.latest(TagId{0})->sample.quality, Quality::good);
}

TEST(TagTable, a_device_s_own_time_belongs_to_the_sample_that_it_came_with) {
  TagTable table;
  for (const uint32_t tag : {0U, 1U}) table.add(TagId{tag});
  Sample dated = sample(0, 1);
  dated.source_ns = 42;
  table.update(std::vector{dated, sample(1, 1)}, {});
  EXPECT_EQ(table.latest(TagId{0})->sample.source_ns, 42);
  EXPECT_EQ(table.latest(TagId{1})->sample.source_ns, 0);
  table.update(std::vector{sample(0, 2)}, {});
  EXPECT_EQ(table.latest(TagId{0})->sample.source_ns, 0);
  table.update(std::vector{dated}, {});
  table.remove(TagId{0});
  table.add(TagId{0});
  EXPECT_EQ(table.latest(TagId{0})->sample.source_ns, 0);
}

TEST(TagTable, gives_several_in_the_order_asked_without_the_unconfigured) {
  TagTable table;
  for (const uint32_t tag : {1U, 5U}) table.add(TagId{tag});
  const TagId asked[] = {TagId{5}, TagId{2}, TagId{1}, TagId{1000}};
  const auto latest = table.latest(asked);
  ASSERT_EQ(latest.size(), 2U);
  EXPECT_EQ(latest[0].sample.tag, TagId{5});
  EXPECT_EQ(latest[1].sample.tag, TagId{1});
}

}  // namespace
}  // namespace ferrule

#include "sdk/fields.h"

#include <gtest/gtest.h>

#include <array>

#include "sdk/stop_signal.h"

namespace ferrule {
namespace {

using namespace std::chrono_literals;

constexpr std::array<FieldSpec, 1> kInner{{{.name = "port", .kind = FieldKind::integer, .initial = "502"}}};
constexpr std::array<FieldSpec, 13> kTable{{
    {.name = "on", .kind = FieldKind::boolean, .initial = "true"},
    {.name = "off", .kind = FieldKind::boolean},
    {.name = "count", .kind = FieldKind::integer, .initial = "-12"},
    {.name = "mask", .kind = FieldKind::integer, .initial = "0xff"},
    {.name = "bare", .kind = FieldKind::integer},
    {.name = "scale", .kind = FieldKind::number, .initial = "0.5"},
    {.name = "every", .kind = FieldKind::duration, .initial = "15min"},
    {.name = "limit", .kind = FieldKind::size, .initial = "64KiB"},
    {.name = "order", .kind = FieldKind::choice, .initial = "ABCD"},
    {.name = "list", .kind = FieldKind::texts},
    {.name = "bits", .kind = FieldKind::pairs},
    {.name = "tcp", .kind = FieldKind::object, .fields = kInner},
    {.name = "devices", .kind = FieldKind::objects, .fields = kInner},
}};

TEST(Fields, what_is_not_written_has_its_default) {
  const Fields fields(kTable);
  EXPECT_TRUE(fields.empty());
  EXPECT_TRUE(fields.boolean("on"));
  EXPECT_FALSE(fields.boolean("off"));
  EXPECT_EQ(fields.integer("count"), -12);
  EXPECT_EQ(fields.integer("mask"), 255);
  EXPECT_EQ(fields.integer("bare"), 0);
  EXPECT_EQ(fields.number("scale"), 0.5);
  EXPECT_EQ(fields.duration("every"), 15min);
  EXPECT_EQ(fields.integer("limit"), 65536);
  EXPECT_EQ(fields.text("order"), "ABCD");
  EXPECT_TRUE(fields.texts("list").empty());
  EXPECT_TRUE(fields.pairs("bits").empty());
  EXPECT_EQ(fields.object("tcp"), nullptr);
  EXPECT_TRUE(fields.objects("devices").empty());
  for (const FieldSpec& field : kTable) EXPECT_FALSE(fields.has(field.name)) << field.name;
}

TEST(Fields, what_is_written_counts) {
  Fields fields(kTable);
  fields.set("on", false);
  fields.set("count", int64_t{7});
  fields.set("scale", 2.0);
  fields.set("every", Duration(1s));
  fields.set("limit", int64_t{100});
  fields.set("order", std::string("CDAB"));
  fields.set("list", Texts{"a", "b"});
  fields.set("bits", Pairs{{"0", "running"}});
  EXPECT_FALSE(fields.boolean("on"));
  EXPECT_EQ(fields.integer("count"), 7);
  EXPECT_EQ(fields.number("scale"), 2.0);
  EXPECT_EQ(fields.duration("every"), 1s);
  EXPECT_EQ(fields.integer("limit"), 100);
  EXPECT_EQ(fields.text("order"), "CDAB");
  EXPECT_EQ(fields.texts("list"), (Texts{"a", "b"}));
  EXPECT_EQ(fields.pairs("bits"), (Pairs{{"0", "running"}}));
  EXPECT_TRUE(fields.has("on"));
  EXPECT_FALSE(fields.empty());
}

TEST(Fields, the_last_one_written_counts) {
  Fields fields(kTable);
  fields.set("count", int64_t{1}, {1, 1, 0});
  fields.set("count", int64_t{2}, {2, 2, 0});
  EXPECT_EQ(fields.integer("count"), 2);
  EXPECT_EQ(fields.mark("count"), (Mark{2, 2, 0}));
}

TEST(Fields, objects_nest) {
  Fields port(kInner);
  port.set("port", int64_t{1502});
  Fields fields(kTable);
  fields.set("tcp", std::vector<Fields>{port});
  fields.set("devices", std::vector<Fields>{port, Fields(kInner)});
  ASSERT_NE(fields.object("tcp"), nullptr);
  EXPECT_EQ(fields.object("tcp")->integer("port"), 1502);
  ASSERT_EQ(fields.objects("devices").size(), 2u);
  EXPECT_EQ(fields.objects("devices")[1].integer("port"), 502);
}

TEST(Fields, a_value_that_is_not_written_stands_where_its_map_does) {
  Fields fields(kTable, {10, 3, 1});
  fields.set("count", int64_t{1}, {11, 12, 1});
  EXPECT_EQ(fields.mark(), (Mark{10, 3, 1}));
  EXPECT_EQ(fields.mark("count"), (Mark{11, 12, 1}));
  EXPECT_EQ(fields.mark("scale"), (Mark{10, 3, 1}));
}

#ifndef NDEBUG
TEST(FieldsDeath, a_name_that_is_not_in_the_table_is_a_programming_error) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  const Fields fields(kTable);
  EXPECT_DEATH(static_cast<void>(fields.integer("cuont")), "known");
}
#endif

TEST(StopSignal, once_raised_it_stays_raised) {
  StopSignal stop;
  EXPECT_FALSE(stop.raised());
  stop.raise();
  stop.raise();
  EXPECT_TRUE(stop.raised());
}

}  // namespace
}  // namespace ferrule

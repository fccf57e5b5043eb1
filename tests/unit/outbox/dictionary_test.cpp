#include "outbox/dictionary.h"

#include <gtest/gtest.h>

namespace ferrule::outbox {
namespace {

class DictionaryTest : public testing::Test {
 protected:
  std::string unsaved() const {
    std::string rows;
    for (const Dictionary::Row& row : dictionary.unsaved()) {
      rows += std::to_string(row.id) + ":" + std::to_string(row.device) + ":" + row.name + " ";
    }
    return rows;
  }

  Names names;
  Dictionary dictionary{names};
  const DeviceId boiler = names.device("boiler");
  const TagId flow = names.tag(boiler, "flow");
};

TEST_F(DictionaryTest, a_name_gets_its_id_once_and_its_device_before_it) {
  EXPECT_EQ(dictionary.stored(flow), 2U);
  EXPECT_EQ(dictionary.stored(boiler), 1U);
  EXPECT_EQ(dictionary.stored(flow), 2U);
  EXPECT_EQ(dictionary.device(1), boiler);
  EXPECT_EQ(dictionary.tag(2), flow);
  EXPECT_EQ(dictionary.stored(TagId::none), 0U);
  EXPECT_EQ(dictionary.stored(DeviceId::none), 0U);
}

TEST_F(DictionaryTest, new_names_are_unsaved_until_they_were_saved) {
  (void)dictionary.stored(flow);
  EXPECT_EQ(unsaved(), "1:0:boiler 2:1:flow ");
  dictionary.saved();
  EXPECT_EQ(unsaved(), "");
  (void)dictionary.stored(names.tag(boiler, "level"));
  EXPECT_EQ(unsaved(), "3:1:level ");
  dictionary.save_all_again();
  EXPECT_EQ(unsaved(), "1:0:boiler 2:1:flow 3:1:level ");
}

TEST_F(DictionaryTest, an_id_that_the_file_does_not_explain_means_nothing_and_is_not_given_out_again) {
  EXPECT_TRUE(dictionary.load({5, 0, "boiler"}));
  EXPECT_TRUE(dictionary.load({9, 5, "flow"}));
  dictionary.skip(20);
  for (const uint32_t id : {1U, 4U, 7U, 20U, 21U, 0xffffffffU}) {
    EXPECT_FALSE(dictionary.device(id).has_value()) << id;
    EXPECT_FALSE(dictionary.tag(id).has_value()) << id;
  }
  EXPECT_EQ(dictionary.stored(flow), 9U);
  EXPECT_EQ(dictionary.stored(names.tag(boiler, "level")), 21U);
  EXPECT_EQ(unsaved(), "21:5:level ");
  dictionary.save_all_again();
  EXPECT_EQ(unsaved(), "5:0:boiler 9:5:flow 21:5:level ");
}

TEST_F(DictionaryTest, a_device_is_no_tag_and_a_tag_no_device) {
  (void)dictionary.stored(flow);
  EXPECT_FALSE(dictionary.tag(1).has_value());
  EXPECT_FALSE(dictionary.device(2).has_value());
  EXPECT_EQ(dictionary.tag(0), TagId::none);
  EXPECT_EQ(dictionary.device(0), DeviceId::none);
}

TEST_F(DictionaryTest, a_row_that_contradicts_what_is_known_is_ignored) {
  (void)dictionary.stored(flow);
  for (const Dictionary::Row& row : {Dictionary::Row{1, 0, "pump"},
                                     {2, 1, "level"},
                                     {0, 0, "pump"},
                                     {3, 2, "level"},
                                     {3, 7, "level"},
                                     {(1U << 23) + 1, 0, "pump"}}) {
    EXPECT_FALSE(dictionary.load(row)) << row.id << " of " << row.device;
  }
  EXPECT_EQ(dictionary.last(), 2U);
}

}  // namespace
}  // namespace ferrule::outbox

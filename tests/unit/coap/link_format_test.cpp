#include "coap/link_format.h"

#include <gtest/gtest.h>

namespace ferrule::coap {

namespace {

TEST(LinkFormat, reads_the_examples_of_rfc_6690) {
  const auto links = read_links(
      "</sensors>;ct=40;title=\"Sensor Index\",</sensors/temp>;rt=\"temperature-c outdoor\";if=\"sensor\";obs,"
      "<http://www.example.com/sensors/t123>;anchor=\"/sensors/temp\";rel=\"describedby\",</t>;ct=\"0 50\"");
  ASSERT_TRUE(links.ok()) << links.status().what();
  ASSERT_EQ(links->size(), 4u);
  EXPECT_EQ(links->at(0).path, "/sensors");
  EXPECT_EQ(links->at(0).title, "Sensor Index");
  EXPECT_EQ(links->at(0).formats, std::vector<int>{40});
  EXPECT_TRUE(links->at(1).observable);
  EXPECT_EQ(links->at(1).type, "temperature-c outdoor");
  EXPECT_EQ(links->at(1).interface, "sensor");
  EXPECT_EQ(links->at(3).formats, (std::vector<int>{0, 50}));
}

TEST(LinkFormat, an_empty_list_is_a_list) { EXPECT_TRUE(read_links(" \n")->empty()); }

TEST(LinkFormat, quoted_commas_and_quotes_part_nothing) {
  const auto links = read_links(R"(</a>;title="x, \"y\";z",</b>)");
  ASSERT_TRUE(links.ok());
  ASSERT_EQ(links->size(), 2u);
  EXPECT_EQ(links->at(0).title, "x, \"y\";z");
}

TEST(LinkFormat, says_at_which_letter_it_cannot_be_read) {
  EXPECT_EQ(read_links("</a").status().what(), "the list of resources cannot be read at letter 2");
  EXPECT_EQ(read_links("</a></b>").status().what(), "a comma is missing at letter 5");
  EXPECT_FALSE(read_links("</a>;").ok());
  EXPECT_FALSE(read_links("</a>;t=\"x").ok());
  EXPECT_FALSE(read_links("</a>;t=").ok());
}

}  // namespace

}  // namespace ferrule::coap

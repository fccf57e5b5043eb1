#include "core/nearest.h"

#include <gtest/gtest.h>

#include <array>

namespace ferrule {
namespace {

constexpr std::array<std::string_view, 5> kKnown{"every", "enabled", "address", "at", "deadband"};

TEST(Nearest, the_word_that_was_meant_is_found) {
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"evry", "every"},        // a letter missing
      {"everyy", "every"},      // one too many
      {"evexy", "every"},       // a wrong one
      {"eveyr", "every"},       // neighbours swapped
      {"adress", "address"},    //
      {"dedband", "deadband"},  //
      {"every", "every"},       //
      {"ta", "at"},             // short words may have one edit
      {"", ""},                 //
      {"frequency", ""},        // nothing near
      {"xyz", ""},              //
  };
  for (const auto& [word, expected] : cases) EXPECT_EQ(nearest(word, kKnown), expected) << word;
}

TEST(Nearest, the_nearest_of_several_wins) {
  constexpr std::array<std::string_view, 3> kSimilar{"meter_10", "meter_11", "meter_1"};
  EXPECT_EQ(nearest("meter_12", kSimilar), "meter_10");  // all are as near: the first
  EXPECT_EQ(nearest("metr_1", kSimilar), "meter_1");
}

TEST(Nearest, long_words_match_nothing_and_cost_nothing) {
  const std::string longest(64, 'a');
  const std::string beyond(65, 'a');
  const std::array<std::string_view, 1> longest_known{longest};
  const std::array<std::string_view, 1> beyond_known{beyond};
  EXPECT_EQ(nearest(longest, longest_known), longest);
  EXPECT_EQ(nearest(beyond, longest_known), "");
  EXPECT_EQ(nearest(longest, beyond_known), "");
  EXPECT_EQ(nearest(std::string(1000000, 'a'), longest_known), "");
}

TEST(Nearest, the_hint_is_ready_for_a_message) {
  EXPECT_EQ(did_you_mean("evry", kKnown), ", did you mean 'every'?");
  EXPECT_EQ(did_you_mean("frequency", kKnown), "");
  EXPECT_EQ(did_you_mean("evry", {}), "");
}

}  // namespace
}  // namespace ferrule

#include "core/units.h"

#include <gtest/gtest.h>

namespace ferrule {
namespace {

using namespace std::chrono_literals;

TEST(Units, durations_are_read_as_people_write_them) {
  const std::pair<std::string_view, Duration> cases[] = {
      {"500ms", 500ms}, {"1s", 1s},     {"1.5s", 1500ms}, {"15min", 15min}, {"2h", 2h},
      {"30d", 720h},    {"20us", 20us}, {"0s", 0s},       {"0.001ms", 1us}, {"36500d", std::chrono::hours(36500 * 24)},
  };
  for (const auto& [text, expected] : cases) {
    const auto parsed = parse_duration(text);
    ASSERT_TRUE(parsed) << text;
    EXPECT_EQ(*parsed, expected) << text;
  }
}

TEST(Units, sizes_are_read_as_people_write_them) {
  const std::pair<std::string_view, uint64_t> cases[] = {
      {"100B", 100},   {"64KiB", 65536},     {"512MiB", 512ull << 20}, {"2GB", 2000000000},
      {"1.5kB", 1500}, {"1GiB", 1ull << 30}, {"3MB", 3000000},         {"9007199254740992B", 1ull << 53},
  };
  for (const auto& [text, expected] : cases) {
    const auto parsed = parse_size(text);
    ASSERT_TRUE(parsed) << text;
    EXPECT_EQ(*parsed, expected) << text;
  }
}

TEST(Units, what_is_no_duration_is_refused_with_the_remedy) {
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"", "'' is not a quantity; write it like 500ms, 1s, 15min, 2h or 30d"},
      {"fast", "'fast' is not a quantity"},
      {"10", "'10' has no unit"},
      {"10 s", "'10 s' has an unknown unit ' s'; use one of d, h, min, s, ms, us"},
      {"10m", "'10m' has an unknown unit 'm'"},
      {"10S", "'10S' has an unknown unit 'S'"},
      {"-1s", "'-1s' is not a quantity"},
      {"-0s", "'-0s' is not a quantity"},
      {"+1s", "'+1s' is not a quantity"},
      {"1e3s", "'1e3s' has an unknown unit 'e3s'"},
      {"nans", "'nans' is not a quantity"},
      {"infs", "'infs' is not a quantity"},
      {"101000d", "'101000d' is too large"},
      {"99999999999999999999999999s", "is too large"},
  };
  for (const auto& [text, expected] : cases) {
    const auto parsed = parse_duration(text);
    ASSERT_FALSE(parsed) << text;
    EXPECT_EQ(parsed.status().fault(), Fault::invalid);
    EXPECT_NE(parsed.status().what().find(expected), std::string::npos) << parsed.status().what();
  }
}

TEST(Units, what_is_no_size_is_refused) {
  for (const std::string_view text : {"", "1", "1 MB", "1mb", "1M", "-1B", "nanB", "10000000GiB"}) {
    EXPECT_FALSE(parse_size(text)) << text;
  }
}

TEST(Units, durations_print_in_the_largest_unit_that_is_whole) {
  const std::pair<Duration, std::string_view> cases[] = {{0s, "0s"},     {-1s, "0s"},  {1s, "1s"},  {1500ms, "1500ms"},
                                                         {60s, "1min"},  {90s, "90s"}, {24h, "1d"}, {36h, "36h"},
                                                         {20us, "20us"}, {5ns, "5ns"}};
  for (const auto& [duration, expected] : cases) EXPECT_EQ(to_text(duration), expected);
}

TEST(Units, sizes_print_exactly) {
  const std::pair<uint64_t, std::string_view> cases[] = {
      {0, "0B"}, {100, "100B"}, {1024, "1KiB"}, {512ull << 20, "512MiB"}, {2000000000, "2GB"}, {1025, "1025B"}};
  for (const auto& [bytes, expected] : cases) EXPECT_EQ(size_text(bytes), expected);
}

TEST(Units, what_is_printed_reads_back) {
  for (const Duration duration : {Duration(1us), Duration(1ms), Duration(90s), Duration(36h), Duration(1500ms)}) {
    EXPECT_EQ(*parse_duration(to_text(duration)), duration);
  }
  for (const uint64_t bytes : {1ull, 1500ull, 1ull << 40, 123456789ull}) EXPECT_EQ(*parse_size(size_text(bytes)), bytes);
}

}  // namespace
}  // namespace ferrule

// The fuzz targets over their corpora and over damaged copies of them, so that every build runs them.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>

#include "tests/fuzz/extraction.cpp"
#include "tests/fuzz/stream_settings.cpp"
#include "tests/fuzz/templates.cpp"

namespace ferrule {

namespace {

struct Target {
  const char* name;
  bool (*holds)(std::span<const uint8_t>);
  size_t least_files;
};

class FuzzCorpus : public testing::TestWithParam<Target> {};

TEST_P(FuzzCorpus, breaks_nothing_nor_do_damaged_copies) {
  const Target& target = GetParam();
  std::mt19937 random(20261121);
  size_t files = 0;
  for (const auto& entry :
       std::filesystem::directory_iterator(std::string(FERRULE_SOURCE_DIR) + "/tests/fuzz/corpus/" + target.name)) {
    std::ifstream file(entry.path(), std::ios::binary);
    const std::vector<uint8_t> bytes{std::istreambuf_iterator<char>(file), {}};
    EXPECT_TRUE(target.holds(bytes)) << entry.path();
    for (int turn = 0; turn < 100 && !bytes.empty(); ++turn) {
      std::vector<uint8_t> damaged = bytes;
      for (size_t hits = 1 + random() % 3; hits > 0; --hits) damaged[random() % damaged.size()] = static_cast<uint8_t>(random());
      if (turn % 4 == 0) damaged.resize(random() % damaged.size());
      ASSERT_TRUE(target.holds(damaged)) << entry.path() << ", turn " << turn;
    }
    ++files;
  }
  EXPECT_GE(files, target.least_files);
}

INSTANTIATE_TEST_SUITE_P(Each, FuzzCorpus,
                         testing::Values(Target{"extraction", extraction_holds, 10}, Target{"templates", template_holds, 10},
                                         Target{"stream_settings", settings_hold, 10}),
                         [](const auto& one) { return std::string(one.param.name); });

}  // namespace

}  // namespace ferrule

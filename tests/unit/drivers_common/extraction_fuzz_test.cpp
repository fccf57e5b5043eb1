// The fuzz target over its corpus and over damaged copies of it, so that every build runs it.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>

#include "tests/fuzz/extraction.cpp"

namespace ferrule {

namespace {

TEST(ExtractionFuzz, the_corpus_breaks_nothing_nor_do_damaged_copies) {
  std::mt19937 random(20261121);
  size_t files = 0;
  for (const auto& entry :
       std::filesystem::directory_iterator(std::string(FERRULE_SOURCE_DIR) + "/tests/fuzz/corpus/extraction")) {
    std::ifstream file(entry.path(), std::ios::binary);
    const std::vector<uint8_t> bytes{std::istreambuf_iterator<char>(file), {}};
    EXPECT_TRUE(extraction_holds(bytes)) << entry.path();
    for (int turn = 0; turn < 300 && !bytes.empty(); ++turn) {
      std::vector<uint8_t> damaged = bytes;
      for (size_t hits = 1 + random() % 3; hits > 0; --hits) damaged[random() % damaged.size()] = static_cast<uint8_t>(random());
      if (turn % 4 == 0) damaged.resize(random() % damaged.size());
      ASSERT_TRUE(extraction_holds(damaged)) << entry.path() << ", turn " << turn;
    }
    ++files;
  }
  EXPECT_GE(files, 10u);
}

}  // namespace

}  // namespace ferrule

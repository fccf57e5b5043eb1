#include "host/learnt_file.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace ferrule {
namespace {

namespace fs = std::filesystem;

class Learnt : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = fs::temp_directory_path() / "ferrule-learnt-XXXXXX";
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    state = pattern;
  }
  void TearDown() override { fs::remove_all(state); }
  LearntFile of(const std::string& channel, const std::string& about = "10.0.0.1:502") const {
    return {learnt_path(state, channel), about};
  }

  std::string state;
};

TEST_F(Learnt, is_there_after_a_restart_and_only_the_last_of_it) {
  EXPECT_EQ(of("line_a").load(), "");
  EXPECT_TRUE(of("line_a").store("refused 5 holding 7 8 2 0\nand a very long line\n").ok());
  EXPECT_TRUE(of("line_a").store("refused 6\n").ok());
  EXPECT_EQ(of("line_a").load(), "refused 6\n");
  EXPECT_EQ(of("line_b").load(), "");
}

TEST_F(Learnt, of_another_endpoint_is_not_given_back) {
  EXPECT_TRUE(of("line_a", "10.0.0.1:502").store("refused 5\n").ok());
  EXPECT_EQ(of("line_a", "10.0.0.1:50").load(), "");
  EXPECT_EQ(of("line_a", "10.0.0.2:502").load(), "");
}

TEST_F(Learnt, a_broken_file_is_nothing_learnt) {
  EXPECT_TRUE(of("line_a").store("x").ok());
  for (const char* text : {"", "about", "about 10.0.0.1:502"}) {
    std::ofstream(learnt_path(state, "line_a")) << text;
    EXPECT_EQ(of("line_a").load(), "") << text;
  }
}

TEST_F(Learnt, has_a_limit_and_a_folder_that_cannot_be_written_is_said) {
  EXPECT_EQ(of("line_a").store(std::string(LearntStore::kMost + 1, 'x')).fault(), Fault::full);
  EXPECT_TRUE(of("line_a").store(std::string(LearntStore::kMost, 'x')).ok());
  EXPECT_EQ(of("line_a").load().size(), LearntStore::kMost);
  std::ofstream(state + "/file") << "no folder";
  EXPECT_EQ(LearntFile(learnt_path(state + "/file", "line_a"), "x").store("x").fault(), Fault::io);
}

TEST_F(Learnt, goes_with_its_channel) {
  forget_learnt_of_others(state, {"line_a"});
  for (const char* channel : {"line_a", "line_b"}) EXPECT_TRUE(of(channel).store("x").ok());
  forget_learnt_of_others(state, {"line_a"});
  EXPECT_EQ(of("line_a").load(), "x");
  EXPECT_FALSE(fs::exists(learnt_path(state, "line_b")));
}

}  // namespace
}  // namespace ferrule

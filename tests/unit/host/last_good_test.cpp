#include "host/last_good.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace ferrule {
namespace {

namespace fs = std::filesystem;

class LastGood : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = fs::temp_directory_path() / "ferrule-last-good-XXXXXX";
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    top_ = pattern;
    folders_.config_file = top_ / "etc/ferrule.yaml";
    folders_.state = top_ / "state";
    folders_.profiles = {top_ / "profiles"};
    for (const char* folder : {"etc/conf.d", "state", "profiles/acme"}) fs::create_directories(top_ / folder);
  }
  void TearDown() override { fs::remove_all(top_); }

  void write(const fs::path& file, const std::string& text) { std::ofstream(file) << text; }
  static std::string read(const fs::path& file) {
    std::ifstream in(file);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  Loaded loaded() {
    Loaded all;
    all.files = {folders_.config_file, top_ / "etc/conf.d/10-more.yaml", top_ / "profiles/acme/meter.yaml"};
    for (const std::string& file : all.files) write(file, "of " + file);
    return all;
  }

  fs::path top_;
  Folders folders_;
};

TEST_F(LastGood, there_is_none_before_the_first_is_kept) { EXPECT_FALSE(last_good(folders_).ok()); }

TEST_F(LastGood, the_copy_has_the_main_file_conf_d_and_the_profiles) {
  const Loaded all = loaded();
  ASSERT_TRUE(keep_last_good(folders_, all).ok());
  const auto kept = last_good(folders_);
  ASSERT_TRUE(kept.ok());
  const fs::path copy = fs::path(kept->config_file).parent_path();
  EXPECT_EQ(read(kept->config_file), "of " + folders_.config_file);
  EXPECT_EQ(read(copy / "conf.d/10-more.yaml"), "of " + all.files[1]);
  EXPECT_EQ(read(fs::path(kept->profiles.front()) / "acme/meter.yaml"), "of " + all.files[2]);
}

TEST_F(LastGood, a_newer_one_replaces_it_and_leaves_nothing_beside) {
  ASSERT_TRUE(keep_last_good(folders_, loaded()).ok());
  write(folders_.config_file, "newer");
  Loaded newer;
  newer.files = {folders_.config_file};
  ASSERT_TRUE(keep_last_good(folders_, newer).ok());
  EXPECT_EQ(read(last_good(folders_)->config_file), "newer");
  EXPECT_FALSE(fs::exists(top_ / "state/last-good/conf.d"));
  EXPECT_FALSE(fs::exists(top_ / "state/last-good.new"));
  EXPECT_FALSE(fs::exists(top_ / "state/last-good.old"));
}

TEST_F(LastGood, a_power_cut_between_the_two_renames_leaves_the_older_one) {
  ASSERT_TRUE(keep_last_good(folders_, loaded()).ok());
  fs::rename(top_ / "state/last-good", top_ / "state/last-good.old");
  ASSERT_TRUE(last_good(folders_).ok());
  EXPECT_EQ(read(last_good(folders_)->config_file), "of " + folders_.config_file);
}

TEST_F(LastGood, a_folder_that_cannot_be_written_is_an_error_that_says_so) {
  const Loaded all = loaded();
  folders_.state = top_ / "profiles/acme/meter.yaml";  // a file
  const Status status = keep_last_good(folders_, all);
  EXPECT_EQ(status.fault(), Fault::io);
}

}  // namespace
}  // namespace ferrule

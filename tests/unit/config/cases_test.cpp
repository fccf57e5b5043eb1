// Every file of tests/cases/config: the right ones load, the wrong ones are refused with exactly the lines in `expected`.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <vector>

#include "tests/unit/config/loading.h"

namespace ferrule {

namespace {

const std::filesystem::path kCaseFolder = std::filesystem::path(FERRULE_SOURCE_DIR) / "tests/cases/config";

std::vector<std::filesystem::path> children(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> paths;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) paths.push_back(entry.path());
  std::sort(paths.begin(), paths.end());
  return paths;
}

TEST(ConfigCases, wrong_files_are_refused_with_place_and_remedy) {
  size_t seen = 0;
  for (const auto& folder : children(kCaseFolder / "wrong")) {
    if (std::filesystem::exists(folder / "needs_program")) continue;  // depends on the real driver's own checks
    Loading loading(folder.string());
    EXPECT_EQ(loading.complaints(), content_of(folder / "expected")) << folder;
    ++seen;
  }
  EXPECT_GE(seen, 45u);
}

TEST(ConfigCases, right_files_load_without_a_complaint) {
  size_t seen = 0;
  for (const auto& file : children(kCaseFolder / "right")) {
    if (file.extension() != ".yaml") continue;
    Loading loading((kCaseFolder / "right").string());
    loading.options.file = file.string();
    EXPECT_EQ(loading.complaints(), "") << file;
    ++seen;
  }
  EXPECT_GE(seen, 5u);
}

TEST(ConfigCases, the_installed_default_loads_and_polls_nothing) {
  Loading loading((std::filesystem::path(FERRULE_SOURCE_DIR) / "config").string());
  const Loaded loaded = loading.load();
  EXPECT_EQ(format_all(loaded), "");
  EXPECT_TRUE(loaded.settings.channels.empty());
  EXPECT_TRUE(loaded.settings.uplinks.empty());
}

}  // namespace

}  // namespace ferrule

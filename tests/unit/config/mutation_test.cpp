// Right files with bytes changed: whatever a file holds, load() returns, says something that has a place, and stays within
// limits.
#include <gtest/gtest.h>

#include <random>

#include "tests/unit/config/loading.h"

namespace ferrule {

namespace {

std::string mutated(std::string text, std::mt19937& random) {
  constexpr std::string_view kBytes = "{}[]:,-'\"#&*!|>%@`?\n\t  01xyz~<\x04\xff\xc3";
  const auto pick = [&random](size_t below) { return std::uniform_int_distribution<size_t>(0, below - 1)(random); };
  const size_t changes = 1 + pick(4);
  for (size_t i = 0; i < changes && !text.empty(); ++i) {
    const size_t at = pick(text.size());
    switch (pick(4)) {
      case 0: text[at] = kBytes[pick(kBytes.size())]; break;
      case 1: text.insert(at, 1, kBytes[pick(kBytes.size())]); break;
      case 2: text.erase(at, 1 + pick(8)); break;
      default: text.insert(at, text.substr(pick(text.size()), 1 + pick(40))); break;
    }
  }
  return text;
}

TEST(ConfigMutations, never_crash_and_always_have_a_place) {
  std::mt19937 random(20261121);  // NOLINT: the same each time
  const std::string right = content_of(std::string(FERRULE_SOURCE_DIR) + "/tests/cases/config/right/030_as_in_the_design.yaml");
  const Folder folder;
  Loading loading(folder.path());
  loading.options.profile_directories = {std::string(FERRULE_SOURCE_DIR) + "/tests/cases/config/right/profiles"};
  size_t refused = 0;
  for (int i = 0; i < 500; ++i) {
    folder.write("ferrule.yaml", mutated(right, random));
    const Loaded loaded = loading.load();
    EXPECT_LE(loaded.complaints.size(), 100u);
    for (const Complaint& complaint : loaded.complaints) {
      EXPECT_NE(complaint.mark.line, 0u) << complaint.what;
      EXPECT_FALSE(complaint.what.empty());
    }
    refused += loaded.ok() ? 0 : 1;
  }
  EXPECT_GT(refused, 200u);
}

}  // namespace

}  // namespace ferrule

// The fuzz target over its corpus, and over damaged copies of it, so that every build runs it.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <vector>

#include "tests/fuzz/coap_links.cpp"
#include "tests/fuzz/coap_payload.cpp"

namespace ferrule::coap {

namespace {

std::vector<std::vector<uint8_t>> corpus(const std::string& name) {
  std::vector<std::vector<uint8_t>> inputs;
  for (const auto& entry : std::filesystem::directory_iterator(std::string(FERRULE_SOURCE_DIR) + "/tests/fuzz/corpus/" + name)) {
    std::ifstream file(entry.path(), std::ios::binary);
    inputs.emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
  }
  return inputs;
}

struct Target {
  const char* name;
  bool (*holds)(std::span<const uint8_t>);
};

class CoapFuzz : public testing::TestWithParam<Target> {};

TEST_P(CoapFuzz, the_corpus_breaks_nothing) {
  const auto inputs = corpus(GetParam().name);
  EXPECT_GE(inputs.size(), 5u);
  for (const auto& input : inputs) EXPECT_TRUE(GetParam().holds(input));
}

TEST_P(CoapFuzz, damaged_input_breaks_nothing) {
  std::mt19937 random(20261121);
  const auto inputs = corpus(GetParam().name);
  for (int turn = 0; turn < 20000; ++turn) {
    auto input = inputs[random() % inputs.size()];
    for (size_t hits = random() % 4; hits > 0 && !input.empty(); --hits) {
      input[random() % input.size()] ^= static_cast<uint8_t>(1u << (random() % 8));
    }
    if (random() % 4 == 0) input.resize(random() % (input.size() + 1));
    ASSERT_TRUE(GetParam().holds(input)) << turn;
  }
}

INSTANTIATE_TEST_SUITE_P(Targets, CoapFuzz,
                         testing::Values(Target{"coap_payload", payload_holds}, Target{"coap_links", links_hold}),
                         [](const auto& one) { return std::string(one.param.name); });

}  // namespace

}  // namespace ferrule::coap

// What must hold for every kind of frame: where a stream is split makes no difference, and noise costs no more than the frames it
// hits.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>

#include "tests/fuzz/framing.cpp"

namespace ferrule {

namespace {

TEST(Framing, the_corpus_breaks_nothing) {
  size_t files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(std::string(FERRULE_SOURCE_DIR) + "/tests/fuzz/corpus/framing")) {
    std::ifstream file(entry.path(), std::ios::binary);
    const std::vector<uint8_t> bytes{std::istreambuf_iterator<char>(file), {}};
    EXPECT_TRUE(framing_holds(bytes)) << entry.path();
    ++files;
  }
  EXPECT_GE(files, 10u);
}

// A stream of good frames with damage in between.
std::vector<uint8_t> stream_of(const FrameRule& rule, std::mt19937& random) {
  std::vector<uint8_t> stream;
  for (int i = 0; i < 6; ++i) {
    std::vector<uint8_t> content(rule.kind == FrameKind::fixed ? rule.length - rule.checksum.size() : 3 + random() % 8);
    for (uint8_t& byte : content) byte = static_cast<uint8_t>(random() % 4 == 0 ? random() : 'a' + random() % 26);
    for (size_t at = 0; at < rule.start.size() && rule.kind != FrameKind::tagged; ++at)
      content[at] = static_cast<uint8_t>(rule.start[at]);
    if (const auto frame = build_frame(rule, content)) stream.insert(stream.end(), frame->begin(), frame->end());
  }
  for (size_t hits = random() % 4; hits > 0 && !stream.empty(); --hits)
    stream[random() % stream.size()] ^= static_cast<uint8_t>(1u << (random() % 8));
  return stream;
}

TEST(Framing, where_a_stream_is_split_makes_no_difference) {
  std::mt19937 random(20261121);
  const auto rules = every_rule();
  for (size_t rule = 0; rule < rules.size(); ++rule) {
    for (int turn = 0; turn < 400; ++turn) {
      std::vector<uint8_t> input{static_cast<uint8_t>(rule), static_cast<uint8_t>(random())};
      const auto stream = stream_of(rules[rule], random);
      input.insert(input.end(), stream.begin(), stream.end());
      ASSERT_TRUE(framing_holds(input)) << "rule " << rule << ", turn " << turn;
    }
  }
}

// A delimiter, or a start with a checksum, finds the frames after any noise.
TEST(Framing, after_noise_the_next_frames_are_found) {
  std::mt19937 random(7);
  for (const FrameRule& rule : every_rule()) {
    const bool finds = rule.kind == FrameKind::lines || rule.kind == FrameKind::delimiter || rule.kind == FrameKind::between;
    if (!finds) continue;
    for (int turn = 0; turn < 200; ++turn) {
      std::vector<uint8_t> stream(random() % 60);
      for (uint8_t& byte : stream) byte = static_cast<uint8_t>(random());
      const auto good = *build_frame(rule, bytes_of("good"));
      for (int i = 0; i < 3; ++i) stream.insert(stream.end(), good.begin(), good.end());
      const auto caught = frames_of(rule, stream, stream.size());
      ASSERT_GE(std::ranges::count(caught.frames, "good"), 2);
    }
  }
}

}  // namespace

}  // namespace ferrule

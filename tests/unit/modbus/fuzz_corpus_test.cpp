// The fuzz target over its corpus, and over a fixed number of random inputs, so that every build runs it.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>

#include "tests/fakes/scripted_device.h"
#include "tests/fuzz/modbus_reply.cpp"

namespace ferrule::modbus {

namespace {

TEST(ModbusFuzz, the_corpus_breaks_nothing) {
  size_t files = 0;
  for (const auto& entry :
       std::filesystem::directory_iterator(std::string(FERRULE_SOURCE_DIR) + "/tests/fuzz/corpus/modbus_reply")) {
    std::ifstream file(entry.path(), std::ios::binary);
    const std::vector<uint8_t> bytes{std::istreambuf_iterator<char>(file), {}};
    fuzz_modbus_reply(bytes);
    ++files;
  }
  EXPECT_GE(files, 10u);
}

TEST(ModbusFuzz, damaged_answers_break_nothing) {
  std::mt19937 random(20261121);
  for (int turn = 0; turn < 20000; ++turn) {
    const auto count = static_cast<uint8_t>(random() % 125);
    const Bytes body = read_answer(5, 3, std::vector<uint16_t>(count + 1u, 7));
    Bytes input{5, 2, 100, count};
    const Bytes frame = turn % 2 == 0 ? rtu_frame(body) : tcp_frame(1, body);
    input.insert(input.end(), frame.begin(), frame.end());
    for (size_t hits = random() % 4; hits > 0; --hits)
      input[random() % input.size()] ^= static_cast<uint8_t>(1u << (random() % 8));
    if (random() % 4 == 0) input.resize(random() % input.size());
    fuzz_modbus_reply(input);
  }
}

}  // namespace

}  // namespace ferrule::modbus

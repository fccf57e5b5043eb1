#include "modbus/sunspec_models.h"

#include <gtest/gtest.h>

#include <map>
#include <optional>
#include <vector>

namespace ferrule::modbus {

namespace {

using Bytes = std::vector<uint8_t>;

// Holding registers of a device; what is not there is refused.
class Registers {
 public:
  Registers& put(uint16_t at, std::initializer_list<uint16_t> words) {
    for (const uint16_t word : words) words_[at++] = word;
    return *this;
  }
  // Answers all questions; returns how many there were.
  int answer(SunSpecModels& models, int most = 1000) {
    int asked = 0;
    for (; !models.known() && asked < most; ++asked) {
      const Question question = models.question(7);
      EXPECT_EQ(question.unit, 7);
      EXPECT_EQ(question.function, Function::read_holding);
      models.take(read(question.address, question.count));
    }
    return asked;
  }

 private:
  Bytes read(uint16_t at, uint16_t count) const {
    Bytes bytes;
    for (uint32_t i = at; i < uint32_t{at} + count; ++i) {
      const auto word = words_.find(static_cast<uint16_t>(i));
      if (word == words_.end() || i > 65535) return {};
      bytes.push_back(static_cast<uint8_t>(word->second >> 8));
      bytes.push_back(static_cast<uint8_t>(word->second));
    }
    return bytes;
  }
  std::map<uint16_t, uint16_t> words_;
};

constexpr uint16_t kSu = 0x5375, kNs = 0x6e53;

TEST(SunSpecModels, a_chain_is_walked_from_any_of_the_three_beginnings) {
  for (const uint16_t base : {40000, 0, 50000}) {
    Registers device;
    device.put(base, {kSu, kNs, 1, 66});
    device.put(static_cast<uint16_t>(base + 70), {103, 50});
    device.put(static_cast<uint16_t>(base + 122), {160, 48});
    device.put(static_cast<uint16_t>(base + 172), {0xffff, 0});
    SunSpecModels models;
    EXPECT_LE(device.answer(models), 7) << base;
    ASSERT_TRUE(models.known());
    ASSERT_NE(models.find({103, 103}), nullptr);
    EXPECT_EQ(models.find({103, 103})->start, base + 70);
    EXPECT_EQ(models.find({103, 103})->words, 52u);
    EXPECT_EQ(models.find({101, 103}), models.find({103, 103}));
    EXPECT_EQ(models.find({1, 1})->start, base + 2);
    EXPECT_EQ(models.find({111, 113}), nullptr);
  }
}

TEST(SunSpecModels, a_device_that_is_none_is_known_to_have_no_models) {
  Registers device;
  device.put(40000, {0, 0}).put(0, {kSu, 0});  // 50000 is refused
  SunSpecModels models;
  EXPECT_EQ(device.answer(models), 3);
  EXPECT_TRUE(models.known());
  EXPECT_EQ(models.find({1, 65534}), nullptr);
}

TEST(SunSpecModels, a_chain_that_breaks_off_keeps_what_was_found) {
  Registers device;
  device.put(40000, {kSu, kNs, 1, 66});
  SunSpecModels models;
  EXPECT_EQ(device.answer(models), 3);
  EXPECT_NE(models.find({1, 1}), nullptr);
}

TEST(SunSpecModels, what_was_missed_is_looked_for_again_after_a_while) {
  Registers device;
  device.put(40000, {kSu, kNs});
  SunSpecModels models;
  device.answer(models);
  const MonoTime start{std::chrono::hours(5)};
  EXPECT_EQ(models.find({1, 1}), nullptr);
  EXPECT_FALSE(models.search_again(start));
  EXPECT_FALSE(models.search_again(start + SunSpecModels::kSearchAgain / 2));
  device.put(40002, {1, 66});
  EXPECT_TRUE(models.search_again(start + SunSpecModels::kSearchAgain));
  EXPECT_FALSE(models.known());
  device.answer(models);
  EXPECT_NE(models.find({1, 1}), nullptr);
}

TEST(SunSpecModels, a_chain_without_end_comes_to_one) {
  Registers nothing_but_zeros;
  nothing_but_zeros.put(40000, {kSu, kNs});
  for (uint32_t at = 40002; at < 65536; ++at) nothing_but_zeros.put(static_cast<uint16_t>(at), {0});
  SunSpecModels models;
  EXPECT_LE(nothing_but_zeros.answer(models), 65);
  EXPECT_TRUE(models.known());

  Registers beyond;
  beyond.put(40000, {kSu, kNs, 1, 65535});
  SunSpecModels other;
  EXPECT_EQ(beyond.answer(other), 2);
  EXPECT_TRUE(other.known());
}

}  // namespace

}  // namespace ferrule::modbus

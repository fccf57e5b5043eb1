#include "simulator/answer.h"

#include <gtest/gtest.h>

namespace ferrule::simulator {
namespace {

using Bytes = std::vector<uint8_t>;
using std::chrono::seconds;

class Answer : public testing::Test {
 protected:
  void SetUp() override {
    add({.area = Area::holding,
         .first = 100,
         .format = {.type = WireType::float32, .order = ByteOrder::cdab},
         .shape = {.value = 81.5}});
    add({.area = Area::holding, .first = 102, .items = 4, .shape = {.value = 650, .spread = 1}});
    add({.area = Area::input,
         .first = 0,
         .items = 200,
         .shape = {.kind = ShapeKind::counter, .every = seconds(1), .spread = 100}});
    add({.area = Area::coil, .first = 0, .items = 20, .format = {.type = WireType::boolean}});
    add({.area = Area::discrete, .first = 8, .items = 3, .format = {.type = WireType::boolean}, .shape = {.value = 1}});
    add({.area = Area::holding,
         .first = 400,
         .format = {.type = WireType::text, .length = 4},
         .shape = {.kind = ShapeKind::text, .text = "SDM630"}});
    add({.area = Area::holding, .first = 65535, .shape = {.value = 9}});
  }

  void add(Row row) {
    const Status status = registers_.add(std::move(row));
    ASSERT_TRUE(status) << status.what();
  }

  Bytes ask(const Bytes& request, Duration since = seconds(0)) {
    Bytes answer{1, 2, 3};  // what was there before must not matter
    answer_request(registers_, request, since, answer);
    return answer;
  }

  Registers registers_;
};

TEST_F(Answer, a_float_lies_in_the_order_of_the_device) {
  EXPECT_EQ(ask({3, 0, 100, 0, 2}), (Bytes{3, 4, 0x00, 0x00, 0x42, 0xA3}));  // 81.5 = 42A30000
}

TEST_F(Answer, half_a_float_is_the_register_that_was_asked_for) {
  EXPECT_EQ(ask({3, 0, 101, 0, 1}), (Bytes{3, 2, 0x42, 0xA3}));
  EXPECT_EQ(ask({3, 0, 101, 0, 2}), (Bytes{3, 4, 0x42, 0xA3, 0x02, 0x8A}));
}

TEST_F(Answer, rows_side_by_side_are_read_as_one) {
  EXPECT_EQ(ask({3, 0, 100, 0, 4}), (Bytes{3, 8, 0, 0, 0x42, 0xA3, 0x02, 0x8A, 0x02, 0x8B}));
}

TEST_F(Answer, a_counter_is_that_of_the_moment) { EXPECT_EQ(ask({4, 0, 1, 0, 2}, seconds(7)), (Bytes{4, 4, 0, 107, 0, 207})); }

TEST_F(Answer, a_text_is_padded) { EXPECT_EQ(ask({3, 1, 144, 0, 4}), (Bytes{3, 8, 'S', 'D', 'M', '6', '3', '0', 0, 0})); }

TEST_F(Answer, bits_are_packed_with_the_first_lowest) {
  EXPECT_EQ(ask({2, 0, 8, 0, 3}), (Bytes{2, 1, 7}));
  EXPECT_EQ(ask({15, 0, 3, 0, 10, 2, 0xAA, 0x03}), (Bytes{15, 0, 3, 0, 10}));
  EXPECT_EQ(ask({1, 0, 3, 0, 10}), (Bytes{1, 2, 0xAA, 0x03}));
  EXPECT_EQ(ask({5, 0, 19, 0xFF, 0}), (Bytes{5, 0, 19, 0xFF, 0}));
  EXPECT_EQ(ask({1, 0, 0, 0, 20}), (Bytes{1, 3, 0x50, 0x1D, 0x08}));
}

TEST_F(Answer, a_written_register_keeps_what_was_written) {
  EXPECT_EQ(ask({6, 0, 103, 0x12, 0x34}), (Bytes{6, 0, 103, 0x12, 0x34}));
  EXPECT_EQ(ask({3, 0, 102, 0, 3}, seconds(99)), (Bytes{3, 6, 0x02, 0x8A, 0x12, 0x34, 0x02, 0x8C}));
  EXPECT_EQ(ask({16, 0, 101, 0, 2, 4, 1, 2, 3, 4}), (Bytes{16, 0, 101, 0, 2}));
  EXPECT_EQ(ask({3, 0, 100, 0, 3}), (Bytes{3, 6, 0, 0, 1, 2, 3, 4}));
}

TEST_F(Answer, a_write_that_reaches_beyond_what_exists_changes_nothing) {
  EXPECT_EQ(ask({16, 0, 105, 0, 2, 4, 1, 2, 3, 4}), (Bytes{0x90, 2}));
  EXPECT_EQ(ask({3, 0, 105, 0, 1}), (Bytes{3, 2, 0x02, 0x8D}));
}

TEST_F(Answer, the_last_register_can_be_read_and_nothing_behind_it) {
  EXPECT_EQ(ask({3, 255, 255, 0, 1}), (Bytes{3, 2, 0, 9}));
  EXPECT_EQ(ask({3, 255, 255, 0, 2}), (Bytes{0x83, 2}));
}

TEST_F(Answer, what_a_device_cannot_do_is_refused_with_the_right_exception) {
  const std::pair<Bytes, int> refused[] = {
      {{7}, 1},                             // a function that it has not
      {{0x83, 0, 0, 0, 1}, 1},              //
      {{3, 0, 99, 0, 1}, 2},                // before the first register
      {{3, 0, 105, 0, 2}, 2},               // beyond the last
      {{3, 1, 0, 0, 1}, 2},                 // in a hole
      {{4, 0, 100, 0, 125}, 2},             // the end of the area lies in it
      {{6, 0, 0, 0, 1}, 2},                 //
      {{5, 0, 20, 0, 0}, 2},                //
      {{3, 0, 100, 0, 0}, 3},               // no register
      {{3, 0, 100, 0, 126}, 3},             // more than a frame holds
      {{4, 0, 0, 0xFF, 0xFF}, 3},           //
      {{1, 0, 0, 7, 0xD1}, 3},              // 2001 bits
      {{5, 0, 0, 0, 1}, 3},                 // neither on nor off
      {{3, 0, 100}, 3},                     // too short
      {{3}, 3},                             //
      {{16, 0, 100, 0, 2, 3, 1, 2, 3}, 3},  // count and bytes disagree
      {{16, 0, 100, 0, 2, 4, 1, 2}, 3},     //
      {{16, 0, 100, 0, 0, 0}, 3},           //
      {{15, 0, 0, 0, 9, 1, 1}, 3},          //
      {{16}, 3},
  };
  for (const auto& [request, code] : refused) {
    const Bytes expected{static_cast<uint8_t>(request[0] | 0x80), static_cast<uint8_t>(code)};
    EXPECT_EQ(ask(request), expected) << testing::PrintToString(request);
  }
}

TEST_F(Answer, as_many_registers_as_a_frame_holds_can_be_read) {
  const Bytes answer = ask({4, 0, 0, 0, 125});
  ASSERT_EQ(answer.size(), 252u);
  EXPECT_EQ(answer[1], 250);
  EXPECT_EQ(answer[250] << 8 | answer[251], 12400 & 0xFFFF);
}

TEST(Registers, a_number_beyond_its_type_wraps_around_as_a_device_does) {
  struct Case {
    WireType type;
    double number;
    std::vector<uint16_t> words;
  };
  const Case cases[] = {{WireType::uint16, 65536 + 7, {7}},
                        {WireType::int16, -1, {0xFFFF}},
                        {WireType::int16, 32768, {0x8000}},
                        {WireType::uint32, 4294967296.0 + 5, {0, 5}},
                        {WireType::int64, -2, {0xFFFF, 0xFFFF, 0xFFFF, 0xFFFE}},
                        {WireType::float64, 1, {0x3FF0, 0, 0, 0}}};
  for (const Case& one : cases) {
    Registers registers;
    ASSERT_TRUE(registers.add({.format = {.type = one.type}, .shape = {.value = one.number}}));
    std::vector<uint16_t> words(one.words.size());
    ASSERT_TRUE(registers.read(Area::holding, 0, seconds(0), words));
    EXPECT_EQ(words, one.words) << to_text(one.type) << one.number;
  }
}

TEST(Registers, rows_that_overlap_or_reach_too_far_are_refused) {
  Registers registers;
  ASSERT_TRUE(registers.add({.first = 10, .items = 10}));
  ASSERT_TRUE(registers.add({.first = 30, .items = 10}));
  EXPECT_TRUE(registers.add({.first = 20, .items = 10}));  // fits between
  EXPECT_TRUE(registers.add({.area = Area::input, .first = 10, .items = 10}));
  for (const Row& row : {Row{.first = 10}, Row{.first = 39}, Row{.first = 9, .items = 2}, Row{.first = 0, .items = 60}}) {
    EXPECT_EQ(registers.add(row).fault(), Fault::invalid) << row.first;
  }
  EXPECT_FALSE(registers.add({.first = 65535, .items = 2}));
  EXPECT_FALSE(registers.add({.first = 65534, .format = {.type = WireType::float64}}));
}

}  // namespace
}  // namespace ferrule::simulator

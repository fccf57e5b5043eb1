#include "modbus/cuts.h"

#include <gtest/gtest.h>

#include <random>

namespace ferrule::modbus {
namespace {

Cut cut(uint32_t tag, uint32_t at, uint16_t bytes = 2) { return {.tag = TagId{tag}, .at = at, .bytes = bytes}; }

void expect_same(const std::vector<Cut>& wanted) {
  const Cuts kept(wanted);
  std::vector<Cut> back;
  for (const Cut one : kept) back.push_back(one);
  EXPECT_TRUE(back == wanted);
  EXPECT_EQ(kept.empty(), wanted.empty());
}

TEST(Cuts, a_row_of_registers_is_kept_once) {
  std::vector<Cut> row;
  for (uint32_t i = 0; i < 125; ++i) row.push_back(cut(1000 + i, 2 * i));
  EXPECT_EQ(Cuts(row).rows(), 1U);
  expect_same(row);
}

TEST(Cuts, so_are_rows_of_bits_of_wide_values_and_of_values_with_one_exponent) {
  for (const uint16_t bytes : {0, 4, 8}) {
    std::vector<Cut> row;
    for (uint32_t i = 0; i < 20; ++i) {
      row.push_back(cut(i, i * (bytes == 0 ? 1 : bytes), bytes));
      if (bytes == 4) row.back().exponent_at = 200;
    }
    EXPECT_EQ(Cuts(row).rows(), 1U) << bytes;
    expect_same(row);
  }
}

TEST(Cuts, whatever_differs_begins_another_row) {
  const Cut first = cut(7, 10);
  const Cut next = cut(8, 12);
  std::vector<Cut> others(9, next);
  others[0].tag = TagId{9};
  others[1].at = 14;
  others[2].bytes = 4;
  others[3].bit = 3;
  others[4].may_be_none = true;
  others[5].exponent_at = 0;
  others[6].type = WireType::int16;
  others[7].order = ByteOrder::badc;
  others[8].field.mask = 0xff;
  EXPECT_EQ(Cuts(std::vector{first, next}).rows(), 1U);
  for (size_t i = 0; i < others.size(); ++i) {
    EXPECT_EQ(Cuts(std::vector{first, others[i]}).rows(), 2U) << i;
    expect_same({first, others[i], cut(9, 14), cut(10, 16)});
  }
}

TEST(Cuts, property_what_was_put_in_comes_out) {
  std::mt19937 dice(3);
  for (int round = 0; round < 300; ++round) {
    std::vector<Cut> cuts;
    for (uint32_t size = dice() % 20; size > 0; --size) {
      const bool goes_on = !cuts.empty() && dice() % 4 != 0;
      const uint16_t bytes = goes_on ? cuts.back().bytes : static_cast<uint16_t>(dice() % 3 * 2);
      const uint32_t step = bytes == 0 ? 1 : bytes;
      cuts.push_back(goes_on ? cut(index_of(cuts.back().tag) + 1, cuts.back().at + step, bytes)
                             : cut(dice() % 4, dice() % 8, bytes));
    }
    expect_same(cuts);
  }
}

}  // namespace
}  // namespace ferrule::modbus

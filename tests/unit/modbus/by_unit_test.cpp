#include "modbus/by_unit.h"

#include <gtest/gtest.h>

namespace ferrule::modbus {
namespace {

TEST(ByUnit, a_unit_that_nobody_spoke_of_has_what_the_others_have) {
  ByUnit<int> number(7);
  number.set(3, 4);
  number.set(255, 7);
  EXPECT_EQ(number[0], 7);
  EXPECT_EQ(number[3], 4);
  EXPECT_EQ(number[255], 7);
  number.set(3, 7);
  number.set(255, 1);
  EXPECT_EQ(number[3], 7);
  EXPECT_EQ(number[255], 1);
}

}  // namespace
}  // namespace ferrule::modbus

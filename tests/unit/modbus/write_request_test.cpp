// Which function writes a point, and with which bytes.
#include "modbus/write_request.h"

#include <gtest/gtest.h>

#include "tests/fakes/modbus_channel.h"
#include "tests/fakes/serial_cable.h"

namespace ferrule::modbus {

namespace {

// A point as a tag's settings say it.
Point point(const std::string& address, const std::string& type = "", const std::string& order = "", int64_t mask = 0,
            int64_t length = 0) {
  ModbusChannel channel;
  channel.tcp(502).device(5).tag(address, type, true, length);
  if (!order.empty()) channel.tag_fields().set("order", order, {});
  if (mask != 0) channel.tag_fields().set("mask", mask, {});
  const auto made = point_of(channel.device_fields(), channel.tag_fields());
  EXPECT_TRUE(made.ok()) << made.status().what();
  return made.ok() ? *made : Point{};
}

FunctionSet only(std::initializer_list<size_t> functions) {
  FunctionSet set;
  for (const size_t function : functions) set.set(function);
  return set;
}
const FunctionSet kAll = FunctionSet().set();

struct Write {
  const char* name;
  Point point;
  FunctionSet allowed;
  Value value;
  Bytes pdu;
};

TEST(ModbusWrite, each_point_has_its_function_and_its_bytes) {
  const Write table[] = {
      {"a coil", point("coil:7"), kAll, true, {5, 0, 7, 0xff, 0}},
      {"a coil, off", point("coil:7"), kAll, false, {5, 0, 7, 0, 0}},
      {"a coil without function 5", point("coil:7"), only({1, 15}), true, {15, 0, 7, 0, 1, 1, 1}},
      {"a coil without function 5, off", point("coil:7"), only({1, 15}), false, {15, 0, 7, 0, 1, 1, 0}},
      {"a register", point("holding:300", "int16"), kAll, int64_t{-2}, {6, 1, 44, 0xff, 0xfe}},
      {"a register without function 6", point("holding:300"), only({3, 16}), int64_t{9}, {16, 1, 44, 0, 1, 2, 0, 9}},
      {"several", point("holding:2", "uint32"), kAll, uint64_t{0x01020304}, {16, 0, 2, 0, 2, 4, 1, 2, 3, 4}},
      {"in another order", point("holding:2", "uint32", "CDAB"), kAll, uint64_t{0x01020304}, {16, 0, 2, 0, 2, 4, 3, 4, 1, 2}},
      {"a text", point("holding:2", "string", "", 0, 3), kAll, Value::text("ab"), {16, 0, 2, 0, 2, 4, 'a', 'b', 0, 0}},
      {"a bit", point("holding:40.3"), kAll, true, {22, 0, 40, 0xff, 0xf7, 0, 8}},
      {"a bit, off", point("holding:40.3"), kAll, false, {22, 0, 40, 0xff, 0xf7, 0, 0}},
      {"a bit as a number", point("holding:40.15"), kAll, int64_t{1}, {22, 0, 40, 0x7f, 0xff, 0x80, 0}},
      {"a bit of swapped bytes", point("holding:40.3", "", "BADC"), kAll, true, {22, 0, 40, 0xf7, 0xff, 8, 0}},
      {"some bits", point("holding:40.4-7"), kAll, int64_t{9}, {22, 0, 40, 0xff, 0x0f, 0, 0x90}},
      {"signed bits", point("holding:40.4-7", "int16"), kAll, int64_t{-1}, {22, 0, 40, 0xff, 0x0f, 0, 0xf0}},
      {"what a mask leaves", point("holding:40", "uint16", "", 0x0f00), kAll, int64_t{0x0a00}, {22, 0, 40, 0xf0, 0xff, 0x0a, 0}},
      {"decimal digits", point("holding:40.8-15", "bcd16"), kAll, int64_t{42}, {22, 0, 40, 0, 0xff, 0x42, 0}},
  };
  for (const Write& write : table) {
    const auto request = write_request(5, write.point, write.allowed, write.value);
    ASSERT_TRUE(request.ok()) << write.name << ": " << request.status().what();
    EXPECT_EQ(Bytes(request->pdu().begin(), request->pdu().end()), write.pdu) << write.name;
    EXPECT_EQ(static_cast<int>(request->question.function), write.pdu[0]) << write.name;
  }
}

// What function 22 does to a register, and what reading says then: every bit outside of the point is as before.
TEST(ModbusWrite, the_bits_beside_a_part_stay_as_they_are) {
  const struct {
    Point point;
    std::vector<int64_t> values;
  } table[] = {{point("holding:40.3"), {0, 1}},
               {point("holding:40.3", "", "BADC"), {0, 1}},
               {point("holding:40.4-7"), {0, 1, 9, 15}},
               {point("holding:40.4-7", "int16", "DCBA"), {-8, -1, 0, 7}},
               {point("holding:40", "uint16", "BADC", 0x0ff0), {0, 0x0550, 0x0ff0}}};
  for (const auto& [part, values] : table) {
    for (const int64_t value : values) {
      for (const uint16_t before : {uint16_t{0}, uint16_t{0xffff}, uint16_t{0xa53c}}) {
        const auto request = write_request(5, part, kAll, Value(value));
        ASSERT_TRUE(request.ok()) << request.status().what();
        const Question& asked = request->question;
        const auto after = static_cast<uint16_t>((before & asked.count) | (asked.or_mask & ~asked.count));
        EXPECT_EQ(after & asked.count, before & asked.count);
        EXPECT_EQ(asked.or_mask & asked.count, 0) << "nothing is set outside of the part";
        if (part.is_bit()) continue;
        const std::array<uint8_t, 2> bytes{static_cast<uint8_t>(after >> 8), static_cast<uint8_t>(after)};
        EXPECT_EQ(decode(part.type, part.order, bytes, part.field).number(), static_cast<double>(value));
      }
    }
  }
}

TEST(ModbusWrite, what_no_function_can_write_has_none) {
  const struct {
    const char* name;
    Point point;
    FunctionSet allowed;
  } table[] = {{"an input", point("input:1"), kAll},
               {"a discrete input", point("discrete:1"), kAll},
               {"a coil without 5 and 15", point("coil:1"), only({1, 6, 16, 22})},
               {"a register without 6 and 16", point("holding:1"), only({3, 5, 15, 22})},
               {"two registers without 16", point("holding:1", "int32"), only({3, 6})},
               {"a bit without 22", point("holding:1.2"), only({3, 6, 16})},
               {"bits without 22", point("holding:1.2-4"), only({3, 6, 16})},
               {"bits of two registers", point("holding:1.2-4", "uint32"), kAll},
               {"too much text", point("holding:0", "string", "", 0, 248), kAll}};
  for (const auto& row : table) {
    EXPECT_FALSE(write_function(row.point, row.allowed)) << row.name;
    EXPECT_FALSE(write_request(5, row.point, row.allowed, Value(int64_t{1})).ok()) << row.name;
  }
}

TEST(ModbusWrite, what_does_not_fit_is_refused) {
  EXPECT_FALSE(write_request(5, point("holding:1.2"), kAll, Value(int64_t{2})).ok());
  EXPECT_FALSE(write_request(5, point("holding:1.2"), kAll, Value::text("on")).ok());
  EXPECT_FALSE(write_request(5, point("holding:1.4-7"), kAll, Value(int64_t{16})).ok());
  EXPECT_FALSE(write_request(5, point("holding:1.4-7", "int16"), kAll, Value(int64_t{8})).ok());
  EXPECT_FALSE(write_request(5, point("holding:1", "uint16", "", 0x0ff0), kAll, Value(int64_t{0x1000})).ok());
  EXPECT_FALSE(write_request(5, point("coil:1"), only({15}), Value(int64_t{2})).ok());
}

TEST(ModbusWrite, the_longest_write_still_fits_a_frame) {
  const auto request = write_request(5, point("holding:0", "string", "", 0, 246), kAll, Value::text("x"));
  ASSERT_TRUE(request.ok());
  EXPECT_EQ(request->size, 252u);
}

TEST(ModbusWrite, what_is_read_back_has_the_precision_of_the_registers) {
  EXPECT_EQ(*value_as_read(point("holding:0", "int16"), Value(712.6)), Value(int64_t{713}));
  EXPECT_EQ(*value_as_read(point("holding:0", "float32"), Value(0.1)), Value(0.1f));
  EXPECT_EQ(*value_as_read(point("holding:0.3"), Value(int64_t{1})), Value(true));
  EXPECT_EQ(*value_as_read(point("coil:0"), Value(false)), Value(false));
  EXPECT_EQ(*value_as_read(point("holding:0.4-7", "int16"), Value(int64_t{-3})), Value(int64_t{-3}));
  EXPECT_EQ(*value_as_read(point("holding:0", "string", "", 0, 4), Value::text("ab")), Value::text("ab"));
}

}  // namespace

}  // namespace ferrule::modbus

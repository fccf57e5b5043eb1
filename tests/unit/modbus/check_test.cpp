#include <gtest/gtest.h>

#include <functional>

#include "tests/fakes/modbus_channel.h"

namespace ferrule {

namespace {

struct Mistake {
  std::string what;
  std::function<void(ModbusChannel&)> make;
  uint32_t line;       // of the mark
  uint16_t column;     //
  std::string remedy;  // a part of the text
};

void expect_each(const std::vector<Mistake>& table) {
  for (const Mistake& mistake : table) {
    ModbusChannel channel;
    mistake.make(channel);
    const Complaints complaints = channel.complaints();
    ASSERT_EQ(complaints.size(), 1u) << mistake.what;
    EXPECT_EQ(complaints[0].mark, (Mark{mistake.line, mistake.column, 0})) << mistake.what;
    EXPECT_NE(complaints[0].what.find(mistake.remedy), std::string::npos) << mistake.what << ": " << complaints[0].what;
  }
}

TEST(ModbusCheck, a_good_channel_has_no_complaint_and_builds) {
  ModbusChannel channel;
  channel.tcp(502).device(1);
  channel.tag("holding:100", "float32", true);
  channel.tag("holding:65534", "int32");
  channel.tag("holding:65535");
  channel.tag("coil:7", "", true);
  channel.tag("holding:3.15", "", true);
  channel.tag("holding:4.4-7", "int16", true);
  channel.tag("holding:20", "string", true, 246);
  channel.device(0).device(255).device(2);
  for (const Complaint& complaint : channel.complaints()) ADD_FAILURE() << complaint.what;
  EXPECT_NE(channel.build(), nullptr);
}

TEST(ModbusCheck, each_mistake_is_marked_where_it_stands_and_names_its_remedy) {
  const std::vector<Mistake> table{
      {"no link", [](auto& c) { c.device(); }, 1, 1, "tcp: {"},
      {"both links", [](auto& c) { c.tcp(502).serial("/dev/ttyUSB0").device(1); }, 2, 1, "one of them"},
      {"rtu_over_tcp on serial",
       [](auto& c) {
         c.serial("/dev/ttyUSB0").device(1);
         c.settings.fields.set("rtu_over_tcp", true, {2, 9, 0});
       },
       2, 9, "leave it out"},
      {"no unit on serial", [](auto& c) { c.serial("/dev/ttyUSB0").device(std::nullopt); }, 10, 1, "needs unit_id"},
      {"unit 0 on serial", [](auto& c) { c.serial("/dev/ttyUSB0").device(0); }, 10, 2, "1 to 247"},
      {"unit 248 on rtu over tcp", [](auto& c) { c.tcp(502, true).device(248); }, 10, 2, "1 to 247"},
      {"unit twice", [](auto& c) { c.tcp(502).device(5).device(5); }, 10, 2, "device d0's already"},
      {"default unit twice", [](auto& c) { c.tcp(502).device(std::nullopt).device(1); }, 10, 2, "device d0's already"},
      {"float on a coil", [](auto& c) { c.tcp(502).device(), c.tag("coil:1", "float32"); }, 20, 3, "write bool"},
      {"int on a bit", [](auto& c) { c.tcp(502).device(), c.tag("holding:1.2", "uint16"); }, 20, 3, "write bool"},
      {"bool on a register", [](auto& c) { c.tcp(502).device(), c.tag("holding:1", "bool"); }, 20, 3, "holding:1.0"},
      {"string without length", [](auto& c) { c.tcp(502).device(), c.tag("holding:1", "string"); }, 20, 3, "length: 16"},
      {"length without string", [](auto& c) { c.tcp(502).device(), c.tag("holding:1", "int16", false, 4); }, 20, 4,
       "type: string"},
      {"beyond the end", [](auto& c) { c.tcp(502).device(), c.tag("holding:65535", "int32"); }, 20, 2, "65535"},
      {"wider than a request",
       [](auto& c) {
         c.tcp(502).device();
         c.device_fields().set("max_registers", int64_t{2}, {10, 3, 0});
         c.tag("holding:1", "float64");
       },
       20, 3, "raise max_registers"},
      {"bits beyond the type", [](auto& c) { c.tcp(502).device(), c.tag("holding:1.12-19"); }, 20, 2, "0 to 15"},
      {"bits of a float", [](auto& c) { c.tcp(502).device(), c.tag("holding:1.4-7", "float32"); }, 20, 2, "type: uint16"},
      {"a mask beyond the type",
       [](auto& c) {
         c.tcp(502).device(), c.tag("holding:1", "int16");
         c.tag_fields().set("mask", int64_t{0x10000}, {20, 7, 0});
       },
       20, 7, "16 bits"},
      {"exponent elsewhere",
       [](auto& c) {
         c.tcp(502).device(), c.tag("sunspec:103/5", "int16");
         c.tag_fields().set("exponent", std::string("sunspec:1/5"), {20, 8, 0});
       },
       20, 8, "the same model"},
      {"exponent too far",
       [](auto& c) {
         c.tcp(502).device(), c.tag("holding:5", "int16");
         c.tag_fields().set("exponent", std::string("holding:500"), {20, 8, 0});
       },
       20, 8, "496 registers"},
      {"no address", [](auto& c) { c.tcp(502).device(), c.tag("holdin:1"); }, 20, 2, "did you mean 'holding'"},
  };
  expect_each(table);
}

TEST(ModbusCheck, each_write_that_the_device_cannot_take_is_marked_alike) {
  const std::vector<Mistake> table{
      {"writes to an input", [](auto& c) { c.tcp(502).device(), c.tag("input:1", "", true); }, 20, 1, "only be read"},
      {"writes to a discrete input", [](auto& c) { c.tcp(502).device(), c.tag("10001", "", true); }, 20, 1, "only be read"},
      {"writes to a bit without function 22",
       [](auto& c) {
         c.tcp(502).device();
         c.device_fields().set("functions", std::vector<std::string>{"3", "6"}, {10, 3, 0});
         c.tag("holding:1.2", "", true);
       },
       20, 1, "(holding:1, without a mask)"},
      {"writes two registers without function 16",
       [](auto& c) {
         c.tcp(502).device();
         c.device_fields().set("functions", std::vector<std::string>{"3", "6"}, {10, 3, 0});
         c.tag("holding:1", "int32", true);
       },
       20, 1, "function 16"},
      {"reads back what it never writes",
       [](auto& c) {
         c.tcp(502).device(), c.tag("holding:1");
         c.tag_fields().set("read_back", true, {20, 5, 0});
       },
       20, 5, "add write"},
      {"broadcast over TCP",
       [](auto& c) {
         c.tcp(502).device(), c.tag("holding:1", "", true);
         c.tag_fields().set("broadcast", true, {20, 5, 0});
       },
       20, 5, "rtu_over_tcp"},
      {"writes too much", [](auto& c) { c.tcp(502).device(), c.tag("holding:1", "string", true, 248); }, 20, 1, "123"},
      {"writes a part of two registers", [](auto& c) { c.tcp(502).device(), c.tag("holding:1.4-7", "uint32", true); }, 20, 1,
       "holds them with type: uint16"},
      {"writes to a model", [](auto& c) { c.tcp(502).device(), c.tag("sunspec:123/5", "", true); }, 20, 1, "own address"},
  };
  expect_each(table);
}

TEST(ModbusType, one_endpoint_is_one_resource) {
  ModbusChannel tcp;
  tcp.tcp(1502);
  EXPECT_EQ(k_modbus_driver.resource(tcp.settings), "127.0.0.1:1502");
  ModbusChannel serial;
  serial.serial("/dev/ttyUSB0");
  EXPECT_EQ(k_modbus_driver.resource(serial.settings), "/dev/ttyUSB0");
}

TEST(ModbusType, an_endpoint_bears_one_connection_unless_more_are_written_and_a_port_never_does) {
  ModbusChannel tcp;
  tcp.tcp(1502);
  EXPECT_EQ(k_modbus_driver.resource_room(tcp.settings), 1u);
  tcp.settings.fields.set("connections", int64_t{3});
  EXPECT_EQ(k_modbus_driver.resource_room(tcp.settings), 3u);
  ModbusChannel serial;
  serial.serial("/dev/ttyUSB0");
  serial.settings.fields.set("connections", int64_t{3});
  EXPECT_EQ(k_modbus_driver.resource_room(serial.settings), 1u);
}

TEST(ModbusType, a_devices_timeout_comes_before_the_channels_and_a_slow_line_adds_its_own) {
  using namespace std::chrono_literals;
  ModbusChannel channel;
  channel.tcp(502).device();
  EXPECT_EQ(k_modbus_driver.timeout(channel.settings, channel.settings.devices[0]), Duration(1s));
  channel.settings.fields.set("timeout", Duration(500ms));
  EXPECT_EQ(k_modbus_driver.timeout(channel.settings, channel.settings.devices[0]), Duration(500ms));
  channel.device_fields().set("timeout", Duration(2s));
  EXPECT_EQ(k_modbus_driver.timeout(channel.settings, channel.settings.devices[0]), Duration(2s));
  ModbusChannel serial;
  serial.serial("/dev/ttyUSB0", 1200).device();
  const Duration slow = k_modbus_driver.timeout(serial.settings, serial.settings.devices[0]);
  EXPECT_GT(slow, Duration(1s) + 263 * 8ms);
  EXPECT_LT(slow, Duration(1s) + 264 * 9ms);
}

}  // namespace

}  // namespace ferrule

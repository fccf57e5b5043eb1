#include "modbus/address.h"

#include <gtest/gtest.h>

#include "modbus/point.h"
#include "tests/fakes/modbus_channel.h"

namespace ferrule::modbus {

namespace {

struct Good {
  std::string text;
  Address address;
};

TEST(ModbusAddress, both_notations_mean_the_same_registers) {
  const std::vector<Good> table{
      {"holding:100", {Area::holding, 100, {}}},
      {"holding:0", {Area::holding, 0, {}}},
      {"holding:65535", {Area::holding, 65535, {}}},
      {"input:0", {Area::input, 0, {}}},
      {"coil:7", {Area::coil, 7, {}}},
      {"discrete:3", {Area::discrete, 3, {}}},
      {"holding:40.3", {Area::holding, 40, 3}},
      {"input:40.15", {Area::input, 40, 15}},
      {"40101", {Area::holding, 100, {}}},
      {"400101", {Area::holding, 100, {}}},
      {"40001", {Area::holding, 0, {}}},
      {"465536", {Area::holding, 65535, {}}},
      {"30001", {Area::input, 0, {}}},
      {"10001", {Area::discrete, 0, {}}},
      {"00001", {Area::coil, 0, {}}},
      {"000001", {Area::coil, 0, {}}},
      {"40041.3", {Area::holding, 40, 3}},
      {"holding:40.4-7", {Area::holding, 40, 4, 4}},
      {"40041.0-31", {Area::holding, 40, 0, 32}},
      {"holding:40.3-3", {Area::holding, 40, 3}},
      {"sunspec:103/14", {Area::holding, 14, {}, 1, ModelRange{103, 103}}},
      {"sunspec:101-103/40.7", {Area::holding, 40, 7, 1, ModelRange{101, 103}}},
  };
  for (const auto& [text, address] : table) {
    const auto parsed = parse_address(text);
    ASSERT_TRUE(parsed.ok()) << text << ": " << parsed.status().what();
    EXPECT_EQ(*parsed, address) << text;
  }
}

TEST(ModbusAddress, a_wrong_one_is_refused_with_its_remedy) {
  const std::vector<std::pair<std::string, std::string>> table{
      {"", "holding"},
      {"holding", "0 to 65535"},
      {"holding:", "0 to 65535"},
      {"holding:-1", "0 to 65535"},
      {"holding:65536", "0 to 65535"},
      {"holding:1x", "0 to 65535"},
      {"holdin:1", "did you mean 'holding'"},
      {"40000", "count from 1"},
      {"4001", "5 or 6 digits"},
      {"4000001", "5 or 6 digits"},
      {"465537", "65536"},
      {"50001", "first digit"},
      {"holding:1.16", "0 to 15"},
      {"holding:1.", "0 to 15"},
      {"holding:1.7-4", "lower to the higher"},
      {"holding:1.0-64", ".0-63"},
      {"holding:1.4-", "lower to the higher"},
      {"sunspec:103", "sunspec:MODEL/WORD"},
      {"sunspec:0/1", "sunspec:MODEL/WORD"},
      {"sunspec:103-101/1", "sunspec:MODEL/WORD"},
      {"sunspec:103/65536", "sunspec:MODEL/WORD"},
      {"sunspec:-/1", "sunspec:MODEL/WORD"},
      {"coil:1.0", "one bit already"},
      {"00001.2", "one bit already"},
      {"holding:1.2.3", "0 to 15"},
      {" holding:1", "holding"},
      {"holding:99999999999999999999", "0 to 65535"},
  };
  for (const auto& [text, remedy] : table) {
    const Status status = check_address(text);
    EXPECT_EQ(status.fault(), Fault::invalid) << text;
    EXPECT_NE(status.what().find(remedy), std::string::npos) << text << ": " << status.what();
  }
}

struct Row {
  std::string address, type;
  int64_t length, n;
  std::string expected;  // empty: refused
};

TEST(ModbusRow, the_next_address_does_not_overlap_and_keeps_its_notation) {
  const std::vector<Row> table{
      {"holding:6", "uint16", 0, 0, "holding:6"},
      {"holding:6", "uint16", 0, 3, "holding:9"},
      {"holding:6", "", 0, 3, "holding:9"},
      {"holding:6", "float32", 0, 3, "holding:12"},
      {"holding:6", "uint64", 0, 2, "holding:14"},
      {"holding:6", "string", 7, 2, "holding:14"},
      {"40101", "int32", 0, 1, "40103"},
      {"400101", "uint16", 0, 1, "400102"},
      {"49999", "uint16", 0, 1, "410000"},
      {"coil:7", "", 0, 5, "coil:12"},
      {"00009", "bool", 0, 1, "00010"},
      {"holding:40.14", "", 0, 1, "holding:40.15"},
      {"holding:40.14", "", 0, 3, "holding:41.1"},
      {"40041.15", "", 0, 1, "40042.0"},
      {"sunspec:160/20", "int16", 0, 1, "sunspec:160/21"},
      {"holding:40.4-7", "", 0, 1, ""},
      {"holding:65535", "uint16", 0, 1, ""},
      {"holding:0", "uint16", 0, -1, ""},
  };
  for (const Row& row : table) {
    ModbusChannel channel;
    channel.device();
    channel.tag(row.address, row.type, false, row.length);
    const Status status = k_modbus_driver.nth(channel.tag_fields(), row.n);
    ASSERT_EQ(status.ok(), !row.expected.empty()) << row.address << " " << row.n;
    if (status.ok()) {
      EXPECT_EQ(channel.tag_fields().text("address"), row.expected) << row.address << " " << row.n;
    }
  }
}

}  // namespace

}  // namespace ferrule::modbus

#include "simulator/plant.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/simulator/plant_fields_of.h"

namespace ferrule {
namespace {

using testing::HasSubstr;

const Entries kRow{{"address", "holding:0"}};

TEST(Plant, a_device_is_behind_every_endpoint_unless_it_names_one) {
  const auto plant = PlantFields()
                         .tcp({}, {{"name", "a"}})
                         .tcp({{"rtu_over_tcp", true}}, {{"name", "b"}})
                         .device({{"unit_id", "1"}}, {kRow})
                         .device({{"unit_id", "5-7"}, {"endpoint", "b"}}, {kRow})
                         .plant();
  ASSERT_NE(plant, nullptr);
  EXPECT_EQ(plant->endpoints()[1].framing, simulator::Framing::rtu);
  EXPECT_NE(plant->device(0, 1), nullptr);
  EXPECT_EQ(plant->device(0, 1), plant->device(1, 1));
  EXPECT_EQ(plant->device(0, 5), nullptr);
  EXPECT_NE(plant->device(1, 7), nullptr);
  EXPECT_NE(plant->device(1, 6), plant->device(1, 7));
  EXPECT_EQ(plant->device(1, 8), nullptr);
}

struct Wrong {
  PlantFields fields;
  uint32_t line;
  std::string what;
};

TEST(Plant, what_is_wrong_is_said_at_its_place) {
  const Wrong wrongs[] = {
      {PlantFields().device({}, {kRow}), 1, "needs an endpoint"},
      {PlantFields().tcp({}, {{"name", "a"}}).tcp({}, {{"name", "a"}}).device({}, {kRow}), 11, "two endpoints are called 'a'"},
      {PlantFields().tcp().device({}, {kRow}).device({}, {kRow}), 21, "unit 1 is there twice"},
      {PlantFields().tcp().device({{"endpoint", "b"}}, {kRow}), 20, "no endpoint is called 'b'"},
      {PlantFields().tcp().device({{"unit_id", "8-1"}}, {kRow}), 20, "not a unit id"},
      {PlantFields().tcp().device({{"unit_id", "256"}}, {kRow}), 20, "not a unit id"},
      {PlantFields().tcp().device({}, {kRow, kRow}), 101, "overlaps the registers 0..0"},
      {PlantFields().tcp().device({}, {{{"address", "holdin:1"}}}), 100, "did you mean 'holding'"},
      {PlantFields().tcp().device({}, {{{"address", "holding:65536"}}}), 100, "not an address"},
      {PlantFields().tcp().device({}, {{{"address", "coil:1"}, {"type", "int16"}}}), 100, "hold bool only"},
      {PlantFields().tcp().device({}, {{{"address", "holding:1"}, {"type", "bool"}}}), 100, "holds no bool"},
      {PlantFields().tcp().device({}, {{{"address", "holding:1"}, {"text", "x"}}}), 100, "needs `type: string`"},
      {PlantFields().tcp().device({}, {{{"address", "holding:1"}, {"type", "string"}}}), 100, "needs `text"},
      {PlantFields().tcp().device({}, {{{"address", "input:65000"}, {"count", int64_t{1000}}}}), 100, "the last one there is"},
      {PlantFields().tcp().device({}, {kRow}).fault({{"fault", "late"}, {"endpoint", "b"}}), 200, "no endpoint is called 'b'"},
      {PlantFields().tcp().device({}, {kRow}).fault({{"fault", "late"}, {"registers", "holding:9-1"}}), 200, "holding:9-1"},
      {PlantFields().tcp({}, {{"name", "a"}}).device({}, {kRow}).fault({{"fault", "echo"}, {"endpoint", "a"}}), 200,
       "it is of RTU"},
  };
  for (const Wrong& wrong : wrongs) {
    Complaints complaints;
    EXPECT_EQ(Plant::build(wrong.fields.fields(), complaints).status().fault(), Fault::invalid) << wrong.what;
    ASSERT_EQ(complaints.size(), 1u) << wrong.what;
    EXPECT_EQ(complaints[0].mark.line, wrong.line) << wrong.what;
    EXPECT_THAT(complaints[0].what, HasSubstr(wrong.what));
  }
}

TEST(Plant, an_endpoint_is_either_tcp_or_serial) {
  Fields fields = PlantFields().tcp().device({}, {kRow}).fields();
  fields.set("endpoints", std::vector<Fields>{Fields(table_of(kPlantFields, "endpoints"))});
  Complaints complaints;
  EXPECT_FALSE(Plant::build(fields, complaints));
  ASSERT_EQ(complaints.size(), 1u);
  EXPECT_THAT(complaints[0].what, HasSubstr("either `tcp` or `serial`"));
}

TEST(Plant, every_shape_of_the_table_is_the_one_it_is_called) {
  const auto plant = PlantFields()
                         .tcp()
                         .device({}, {{{"address", "holding:0"}, {"value", 7.0}},
                                      {{"address", "holding:1"}, {"shape", "sine"}, {"mean", 80.0}},
                                      {{"address", "holding:2"}, {"shape", "ramp"}, {"mean", 80.0}, {"amplitude", 30.0}},
                                      {{"address", "holding:3"}, {"shape", "square"}, {"mean", 80.0}},
                                      {{"address", "holding:4"}, {"shape", "counter"}, {"value", 5.0}, {"step", 2.0}},
                                      {{"address", "holding:5"}, {"type", "string"}, {"text", "ab"}}})
                         .plant();
  ASSERT_NE(plant, nullptr);
  std::vector<uint16_t> words(6);
  ASSERT_TRUE(plant->device(0, 1)->read(simulator::Area::holding, 0, std::chrono::seconds(0), words));
  EXPECT_EQ(words, (std::vector<uint16_t>{7, 80, 50, 81, 5, 'a' << 8 | 'b'}));
  ASSERT_TRUE(plant->device(0, 1)->read(simulator::Area::holding, 0, std::chrono::seconds(5), words));
  EXPECT_EQ(words, (std::vector<uint16_t>{7, 80, 80, 79, 15, 'a' << 8 | 'b'}));
}

}  // namespace
}  // namespace ferrule

// The README's table is the one that the parser uses.
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <string>

#include "config/config.h"
#include "simulator/plant.h"

namespace ferrule {
namespace {

TEST(SimulatorReadme, has_the_table_of_what_a_plant_file_may_say) {
  std::ifstream file(FERRULE_SOURCE_DIR "/drivers/simulator/README.md");
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  const std::string table = field_table(kPlantFields);
  EXPECT_NE(text.find(table), std::string::npos) << "put this table into it:\n" << table;
}

}  // namespace
}  // namespace ferrule

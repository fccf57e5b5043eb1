// The README's tables are the ones that the parser uses.
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <string>

#include "config/config.h"
#include "sdk/driver.h"

namespace ferrule {

extern const DriverType k_coap_driver;

namespace {

TEST(CoapReadme, has_the_tables_of_channel_device_and_tag) {
  std::ifstream file(FERRULE_SOURCE_DIR "/drivers/coap/README.md");
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  for (const auto fields : {k_coap_driver.channel_fields, k_coap_driver.device_fields, k_coap_driver.tag_fields}) {
    const std::string table = field_table(fields);
    EXPECT_NE(text.find(table), std::string::npos) << "put this table into it:\n" << table;
  }
}

}  // namespace

}  // namespace ferrule

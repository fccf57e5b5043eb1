// The READMEs' tables are the ones that the parser uses.
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <string>

#include "config/config.h"
#include "drivers_common/extraction.h"
#include "drivers_common/frame_rule.h"
#include "tests/fakes/stream_channel.h"

namespace ferrule {

namespace {

struct Table {
  const char* readme;
  const char* name;
  std::span<const FieldSpec> fields;
};

void PrintTo(const Table& table, std::ostream* out) { *out << table.readme << ' ' << table.name; }

class StreamReadme : public testing::TestWithParam<Table> {};

TEST_P(StreamReadme, has_the_table) {
  std::ifstream file(FERRULE_SOURCE_DIR "/drivers/" + std::string(GetParam().readme) + "/README.md");
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  const std::string table = field_table(GetParam().fields);
  EXPECT_NE(text.find(table), std::string::npos) << "put this table into it:\n" << table;
}

INSTANTIATE_TEST_SUITE_P(
    Each, StreamReadme,
    testing::Values(Table{"tcp", "channel", k_tcp_driver.channel_fields}, Table{"tcp", "device", k_tcp_driver.device_fields},
                    Table{"tcp", "tag", k_tcp_driver.tag_fields}, Table{"serial", "channel", k_serial_driver.channel_fields},
                    Table{"common", "frame", kFrameFieldTable}, Table{"common", "payload", kPayloadFieldTable}),
    [](const auto& one) { return std::string(one.param.readme) + "_" + one.param.name; });

}  // namespace

}  // namespace ferrule

// The READMEs' tables are the ones that the parser uses.
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <string>

#include "config/config.h"
#include "drivers_common/frame_rule.h"
#include "link/stream_fields.h"
#include "tcp/fields.h"
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
    testing::Values(Table{"tcp", "CHANNEL", k_tcp_driver.channel_fields}, Table{"tcp", "TCP", tcp::kConnectFieldTable},
                    Table{"tcp", "TLS", kTlsFieldTable}, Table{"tcp", "LISTEN", tcp::kListenFieldTable},
                    Table{"tcp", "TLS_LISTEN", kTlsListenFieldTable}, Table{"tcp", "DEVICE", k_tcp_driver.device_fields},
                    Table{"tcp", "TAG", k_tcp_driver.tag_fields}, Table{"serial", "CHANNEL", k_serial_driver.channel_fields},
                    Table{"serial", "SERIAL", kSerialFieldTable}, Table{"serial", "RS485", kRs485FieldTable},
                    Table{"common", "FRAME", kFrameFieldTable}, Table{"common", "CHECKSUM", kChecksumFieldTable},
                    Table{"common", "PAYLOAD", kPayloadFieldTable}),
    [](const auto& info) { return std::string(info.param.readme) + "_" + info.param.name; });

}  // namespace

}  // namespace ferrule

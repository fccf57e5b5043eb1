#include "modbus/mbap.h"

#include <gtest/gtest.h>

#include <random>
#include <vector>

#include "modbus/wire_format.h"

namespace ferrule::modbus {
namespace {

TEST(Mbap, composes_the_frames_that_libmodbus_composes) {
  const auto library = std::move(*WireFormat::make(Framing::tcp));
  MbapRequest ours;
  std::mt19937 random(4);
  for (int round = 0; round < 2000; ++round) {
    std::vector<uint8_t> pdu(2 + random() % 251);
    for (uint8_t& byte : pdu) byte = static_cast<uint8_t>(random());
    const auto transaction = static_cast<uint16_t>(random());
    const auto unit = static_cast<uint8_t>(random());
    const auto theirs = library->compose(transaction, unit, pdu);
    ASSERT_TRUE(theirs.ok());
    const auto frame = ours.compose(transaction, unit, pdu);
    ASSERT_TRUE(std::ranges::equal(frame, *theirs)) << pdu.size();
    const auto header = mbap_header(frame);
    ASSERT_TRUE(header);
    EXPECT_EQ(header->frame_size, frame.size());
  }
}

TEST(Mbap, never_writes_beyond_a_frame) {
  MbapRequest ours;
  EXPECT_EQ(ours.compose(1, 1, std::vector<uint8_t>(400, 7)).size(), kTcpFrameMost);
}

}  // namespace
}  // namespace ferrule::modbus

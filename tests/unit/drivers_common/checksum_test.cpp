// Every checksum against the check value of its catalogue: the sum of "123456789".
#include "drivers_common/checksum.h"

#include <gtest/gtest.h>

#include "tests/fakes/frame_catcher.h"

namespace ferrule {

namespace {

struct Known {
  std::string_view word;
  uint32_t sum;
  size_t width;
};
constexpr Known kKnown[] = {
    {"none", 0, 0},
    {"sum8", 0xdd, 1},
    {"lrc", 0x23, 1},
    {"xor", 0x31, 1},
    {"sum16", 0x01dd, 2},
    {"crc8", 0xf4, 1},
    {"crc8_maxim", 0xa1, 1},
    {"crc16_modbus", 0x4b37, 2},
    {"crc16_ccitt", 0x29b1, 2},
    {"crc16_xmodem", 0x31c3, 2},
    {"crc16_kermit", 0x2189, 2},
    {"crc16_arc", 0xbb3d, 2},
    {"crc32", 0xcbf43926, 4},
    {"crc32c", 0xe3069283, 4},
};

TEST(Checksum, each_gives_the_check_value_of_its_catalogue) {
  EXPECT_EQ(std::size(kKnown), std::size(kChecksumWords));
  for (const Known& known : kKnown) {
    const auto kind = checksum_kind(known.word);
    ASSERT_TRUE(kind) << known.word;
    EXPECT_EQ(checksum(*kind, bytes_of("123456789")), known.sum) << known.word;
    EXPECT_EQ(checksum_width(*kind), known.width) << known.word;
  }
}

TEST(Checksum, an_unknown_word_is_none) { EXPECT_FALSE(checksum_kind("crc17")); }

}  // namespace

}  // namespace ferrule

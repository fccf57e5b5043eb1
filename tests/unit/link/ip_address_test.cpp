#include "link/ip_address.h"

#include <gtest/gtest.h>

namespace ferrule {

namespace {

TEST(CanonicalIp, one_address_is_one_text_however_it_is_written) {
  EXPECT_EQ(canonical_ip("10.0.0.1"), "10.0.0.1");
  EXPECT_EQ(canonical_ip("0:0:0:0:0:0:0:1"), "::1");
  EXPECT_EQ(canonical_ip("FE80::00aB"), "fe80::ab");
  EXPECT_EQ(canonical_ip("::ffff:10.0.0.1"), "10.0.0.1");
  EXPECT_EQ(canonical_ip("0:0:0:0:0:ffff:0a00:0001"), "10.0.0.1");
}

TEST(CanonicalIp, what_is_no_address_has_none) {
  for (const char* text : {"", "porch", "10.0.0", "10.0.0.256", "1::2::3", "::1%eth0", "10.0.0.1 "}) {
    EXPECT_EQ(canonical_ip(text), std::nullopt) << text;
  }
}

}  // namespace

}  // namespace ferrule

// What a rule of framing that cannot work is told, and bytes as they are written in a configuration.
#include "drivers_common/frame_rule.h"

#include <gmock/gmock.h>

#include "drivers_common/byte_text.h"
#include "tests/fakes/frame_rules.h"

namespace ferrule {

namespace {

FieldValue checksum_of(const std::vector<Setting>& settings) { return object(sum_of(settings)); }

struct RefusedRule {
  std::vector<Setting> rule;
  std::string_view words;
};

TEST(FrameRule, what_is_missing_is_named) {
  const RefusedRule refused[] = {
      {{{"kind", text("delimiter")}}, "end:"},
      {{{"kind", text("delimiter")}, {"end", text("\\r\\n")}, {"escape", text("x")}}, "one byte"},
      {{{"kind", text("fixed")}}, "length: 16"},
      {{{"kind", text("fixed")}, {"length", whole(2)}, {"checksum", checksum_of({{"kind", text("crc16_arc")}})}}, "more than"},
      {{{"kind", text("length")}, {"length_width", whole(3)}}, "1, 2 or 4"},
      {{{"kind", text("between")}, {"start", text("a")}}, "start and end"},
      {{{"kind", text("gap")}}, "silence"},
      {{{"kind", text("tagged")}}, "magic"},
      {{{"checksum", checksum_of({{"kind", text("xor")}, {"required", FieldValue(false)}})}}, "separator"},
      {{{"checksum", checksum_of({{"kind", text("xor")}, {"behind_end", FieldValue(true)}})}}, "kind between"},
      {{{"kind", text("between")},
        {"start", text("a")},
        {"end", text("b")},
        {"checksum", checksum_of({{"kind", text("xor")}, {"covers", text("with_end")}})}},
       "behind_end: true"},
      {{{"kind", text("between")},
        {"start", text("a")},
        {"end", text("b")},
        {"checksum", checksum_of({{"kind", text("xor")}, {"covers", text("with_start")}, {"from", whole(1)}})}},
       "leave out from"},
      {{{"kind", text("between")},
        {"start", text("a")},
        {"end", text("b")},
        {"checksum", checksum_of({{"kind", text("xor")}, {"behind_end", FieldValue(true)}, {"separator", text("*")}})}},
       "alone"},
  };
  for (const RefusedRule& one : refused) {
    const auto rule = rule_of(one.rule);
    EXPECT_FALSE(rule.ok()) << one.words;
    EXPECT_THAT(rule.status().what(), testing::HasSubstr(one.words));
  }
}

TEST(ByteText, escapes_are_bytes_and_wrong_ones_are_named) {
  EXPECT_EQ(*parse_bytes(R"(a\r\n\t\\\x02\x7F)"), "a\r\n\t\\\x02\x7f");
  EXPECT_EQ(parse_bytes(R"(\x00\0)")->size(), 2u);
  for (const std::string_view wrong : {R"(\q)", R"(\)", R"(\x1)", R"(\xg1)", R"(ab\x)"})
    EXPECT_FALSE(parse_bytes(wrong).ok()) << wrong;
  EXPECT_FALSE(parse_bytes(std::string(kMostByteText + 1, 'a')).ok());
}

}  // namespace

}  // namespace ferrule

// One rule of each kind, for the tests that must hold for all.
#pragma once

#include <string>
#include <vector>

#include "drivers_common/frame_rule.h"
#include "tests/fakes/settings_of.h"

namespace ferrule {

inline Result<FrameRule> rule_of(const std::vector<Setting>& settings) {
  return frame_rule(settings_of(kFrameFieldTable, settings));
}

inline Fields sum_of(const std::vector<Setting>& settings) { return settings_of(kChecksumFieldTable, settings); }

// Every kind that is cut out of a stream, small limits.
inline std::vector<FrameRule> every_rule() {
  const auto sum = [](std::string_view kind) { return object(sum_of({{"kind", text(kind)}})); };
  const auto bcc = [](std::string_view kind, std::string_view covers, bool behind) {
    return object(sum_of({{"kind", text(kind)}, {"covers", text(covers)}, {"behind_end", FieldValue(behind)}}));
  };
  const std::vector<std::vector<Setting>> written{
      {{"kind", text("lines")}, {"max_length", whole(20)}},
      {{"kind", text("delimiter")}, {"end", text("\\r\\n")}, {"max_length", whole(12)}, {"checksum", sum("xor")}},
      {{"kind", text("delimiter")},
       {"end", text("~")},
       {"escape", text("}")},
       {"escape_xor", whole(0x20)},
       {"max_length", whole(12)}},
      {{"kind", text("fixed")}, {"length", whole(6)}, {"checksum", sum("crc8")}},
      {{"kind", text("fixed")}, {"length", whole(5)}, {"start", text("AA")}},
      {{"kind", text("length")}, {"length_at", whole(1)}, {"length_width", whole(1)}, {"max_length", whole(16)}},
      {{"kind", text("length")},
       {"start", text("\\xaa")},
       {"length_at", whole(1)},
       {"length_order", text("little")},
       {"max_length", whole(24)},
       {"checksum", sum("crc16_modbus")},
       {"length_add", whole(5)}},
      {{"kind", text("between")}, {"start", text("\\x02")}, {"end", text("\\x03")}, {"max_length", whole(16)}},
      {{"kind", text("between")},
       {"start", text("<<")},
       {"end", text("<>")},
       {"escape", text("\\x10")},
       {"max_length", whole(16)},
       {"checksum", sum("lrc")}},
      {{"kind", text("tagged")}, {"start", text("FE")}, {"max_length", whole(24)}, {"checksum", sum("crc16_ccitt")}},
      {{"kind", text("tagged")}, {"start", text("\\xfe")}, {"max_length", whole(24)}},
      {{"kind", text("between")},
       {"start", text("\\x02")},
       {"end", text("\\x03")},
       {"max_length", whole(16)},
       {"checksum", bcc("xor", "with_end", true)}},
      {{"kind", text("between")},
       {"start", text(":")},
       {"end", text("\\r\\n")},
       {"escape", text("\\x10")},
       {"max_length", whole(16)},
       {"checksum", bcc("crc16_arc", "with_both", true)}},
      {{"kind", text("between")},
       {"start", text("<<")},
       {"end", text(">")},
       {"max_length", whole(16)},
       {"checksum", bcc("sum8", "with_start", false)}},
  };
  std::vector<FrameRule> rules;
  for (const auto& settings : written) rules.push_back(*rule_of(settings));
  return rules;
}

}  // namespace ferrule

#include "drivers_common/frame_rule.h"

#include <utility>

#include "drivers_common/tagged_frame.h"

namespace ferrule {

namespace {

template <size_t kCount>
size_t index_in(const std::string_view (&words)[kCount], std::string_view word) {
  for (size_t i = 0; i < kCount; ++i) {
    if (words[i] == word) return i;
  }
  return 0;
}

ChecksumRule checksum_rule(const Fields& fields) {
  ChecksumRule rule;
  rule.kind = checksum_kind(fields.text("kind")).value_or(ChecksumKind::none);
  rule.from = static_cast<size_t>(fields.integer("from"));
  rule.separator = bytes_field(fields, "separator");
  rule.hex = fields.text("as") == "hex";
  rule.little = fields.text("order") == "little";
  rule.required = fields.boolean("required");
  rule.behind = fields.boolean("behind_end");
  rule.covers = static_cast<SumCover>(index_in(kSumCoverWords, fields.text("covers")));
  return rule;
}

FrameRule as_written(const Fields& fields) {
  FrameRule rule;
  rule.kind = static_cast<FrameKind>(index_in(kFrameKindWords, fields.text("kind")));
  rule.start = bytes_field(fields, "start");
  rule.end = bytes_field(fields, "end");
  if (const std::string escape = bytes_field(fields, "escape"); !escape.empty()) rule.escape = static_cast<uint8_t>(escape[0]);
  rule.escape_xor = static_cast<uint8_t>(fields.integer("escape_xor"));
  rule.length = static_cast<size_t>(fields.integer("length"));
  rule.length_at = static_cast<size_t>(fields.integer("length_at"));
  rule.length_width = static_cast<size_t>(fields.integer("length_width"));
  rule.length_little = fields.text("length_order") == "little";
  rule.length_add = fields.has("length_add") ? fields.integer("length_add") : static_cast<int64_t>(rule.header());
  rule.gap = fields.duration("gap");
  rule.max_length = static_cast<size_t>(fields.integer("max_length"));
  rule.timeout = fields.duration("timeout");
  if (const Fields* checksum = fields.object("checksum")) rule.checksum = checksum_rule(*checksum);
  return rule;
}

std::string needs(std::string_view kind, std::string_view what) {
  return "a frame of kind " + std::string(kind) + " needs " + std::string(what);
}

std::string trouble_with_sum(const FrameRule& rule) {
  const ChecksumRule& sum = rule.checksum;
  if (!sum.required && sum.separator.empty()) return "a checksum that may be missing needs a separator";
  if (!sum.behind && sum.covers == SumCover::content) return {};
  if (rule.kind != FrameKind::between || rule.start == rule.end) {
    return "behind_end and covers go with a frame of kind between, with an end that differs from its start";
  }
  if (sum.behind && (!sum.separator.empty() || !sum.required)) return "a sum behind the end stands there always, and alone";
  if (sum.covers_end() && !sum.behind) return "a sum covers the end only where it stands behind it: behind_end: true";
  if (sum.covers_start() && sum.from > 0) return "a sum that covers the start covers all: leave out from";
  return {};
}

// What is missing or contradicts itself; empty: nothing.
std::string trouble_with(const FrameRule& rule) {
  switch (rule.kind) {
    case FrameKind::delimiter:
      if (rule.end.empty()) return needs("delimiter", R"(the bytes that end it: end: '\r\n')");
      if (rule.escape && rule.end.size() != 1) return "an escape goes with an end of one byte, or with kind: between";
      break;
    case FrameKind::fixed:
      if (rule.length == 0) return needs("fixed", "its length in bytes: length: 16");
      if (rule.length <= rule.checksum.size()) return "length must be more than the checksum's";
      break;
    case FrameKind::length:
      if (rule.length_width == 3) return "length_width can be 1, 2 or 4";
      break;
    case FrameKind::between:
      if (rule.start.empty() || rule.end.empty()) return needs("between", R"(start and end: start: '\x02', end: '\x03')");
      break;
    case FrameKind::gap:
      if (rule.gap <= Duration::zero()) return needs("gap", "the silence that ends it: gap: 50ms");
      break;
    case FrameKind::tagged:
      if (rule.start.empty()) return needs("tagged", "its magic: start: FE");
      break;
    case FrameKind::lines:
    case FrameKind::whole: break;
  }
  return trouble_with_sum(rule);
}

}  // namespace

Result<FrameRule> frame_rule(const Fields& frame) {
  FrameRule rule = as_written(frame);
  if (std::string trouble = trouble_with(rule); !trouble.empty()) return {Fault::invalid, std::move(trouble)};
  if (rule.kind == FrameKind::fixed) rule.max_length = rule.length;
  if (rule.kind == FrameKind::tagged) give_tagged_layout(rule);
  // A flag that begins and ends (0x7e) is a delimiter: two in a row are an empty frame.
  if (rule.kind == FrameKind::between && rule.start == rule.end && rule.end.size() == 1) {
    rule.kind = FrameKind::delimiter;
    rule.start.clear();
  }
  return rule;
}

void check_frame(const Fields& frame, Complaints& complaints) {
  const auto rule = frame_rule(frame);
  if (!rule) complaints.push_back({frame.mark(), rule.status().what()});
}

}  // namespace ferrule

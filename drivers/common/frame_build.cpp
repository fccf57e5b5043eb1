#include "drivers_common/frame_build.h"

#include <algorithm>
#include <string>

#include "drivers_common/frame_cut.h"
#include "drivers_common/tagged_frame.h"

namespace ferrule {

namespace {

using Out = std::vector<uint8_t>;

void append(Out& out, std::string_view bytes) { out.insert(out.end(), bytes.begin(), bytes.end()); }

void append_number(Out& out, uint32_t number, size_t width, bool little) {
  for (size_t i = 0; i < width; ++i) {
    const size_t shift = 8 * (little ? i : width - 1 - i);
    out.push_back(static_cast<uint8_t>(number >> shift));
  }
}

void append_checksum(Out& out, const ChecksumRule& rule, size_t begin) {
  if (rule.kind == ChecksumKind::none) return;
  const size_t from = std::min(out.size(), begin + rule.from);
  const uint32_t sum = checksum(rule.kind, std::span<const uint8_t>(out).subspan(from));
  append(out, rule.separator);
  Out bytes;
  append_number(bytes, sum, checksum_width(rule.kind), rule.little);
  if (!rule.hex) return void(out.insert(out.end(), bytes.begin(), bytes.end()));
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  for (const uint8_t byte : bytes) {
    out.push_back(static_cast<uint8_t>(kDigits[byte >> 4]));
    out.push_back(static_cast<uint8_t>(kDigits[byte & 15]));
  }
}

Out escaped(const FrameRule& rule, const Out& content) {
  if (!rule.escape) return content;
  Out out;
  for (const uint8_t byte : content) {
    const bool special = byte == *rule.escape || (!rule.end.empty() && byte == static_cast<uint8_t>(rule.end[0])) ||
                         (!rule.start.empty() && byte == static_cast<uint8_t>(rule.start[0]));
    if (special) out.push_back(*rule.escape);
    out.push_back(special ? byte ^ rule.escape_xor : byte);
  }
  return out;
}

Out sized(const FrameRule& rule, std::span<const uint8_t> content, uint8_t type) {
  Out out;
  if (rule.kind == FrameKind::tagged) {
    append(out, rule.start);
    out.push_back(kTaggedVersion);
    out.push_back(type);
    append_number(out, 0, rule.length_width, false);
  }
  out.insert(out.end(), content.begin(), content.end());
  if (rule.kind != FrameKind::fixed && out.size() >= rule.header()) {
    const auto total = static_cast<int64_t>(out.size() + rule.checksum.separator.size() + rule.checksum.size());
    Out number;
    append_number(number, static_cast<uint32_t>(total - rule.length_add), rule.length_width, rule.length_little);
    std::ranges::copy(number, out.begin() + static_cast<std::ptrdiff_t>(rule.length_at));
  }
  append_checksum(out, rule.checksum, 0);
  return out;
}

Out enclosed(const FrameRule& rule, std::span<const uint8_t> content) {
  const ChecksumRule& sum = rule.checksum;
  const std::string_view start = rule.kind == FrameKind::between ? std::string_view(rule.start) : std::string_view();
  const std::string_view end = rule.kind == FrameKind::lines ? "\r\n" : std::string_view(rule.end);
  Out summed;
  if (sum.covers_start()) append(summed, start);
  const size_t first = summed.size();
  summed.insert(summed.end(), content.begin(), content.end());
  size_t last = summed.size();
  if (sum.covers_end()) append(summed, end);
  const size_t all = summed.size();
  append_checksum(summed, sum, 0);
  if (!sum.behind) last = summed.size();
  Out out;
  append(out, start);
  const Out inside =
      escaped(rule, Out(summed.begin() + static_cast<std::ptrdiff_t>(first), summed.begin() + static_cast<std::ptrdiff_t>(last)));
  out.insert(out.end(), inside.begin(), inside.end());
  append(out, end);
  if (sum.behind) out.insert(out.end(), summed.begin() + static_cast<std::ptrdiff_t>(all), summed.end());
  return out;
}

// Whether the frame is what the other side would cut out of a stream.
bool comes_back(const FrameRule& rule, const Out& frame, std::span<const uint8_t> content) {
  FrameSearch search;
  Out scratch;
  const FrameCut cut = cut_front(rule, frame, search, scratch);
  if (cut.what != FrameCut::What::frame) return false;
  if (rule.kind == FrameKind::length) return cut.content.size() == content.size();  // its length field may differ
  return std::ranges::equal(cut.content, content);
}

}  // namespace

Result<std::vector<uint8_t>> build_frame(const FrameRule& rule, std::span<const uint8_t> content, uint8_t type) {
  const bool is_sized = rule.kind == FrameKind::fixed || rule.kind == FrameKind::length || rule.kind == FrameKind::tagged;
  const bool bare = rule.kind == FrameKind::gap || rule.kind == FrameKind::whole;
  Out frame;
  if (bare) {
    frame.assign(content.begin(), content.end());
    append_checksum(frame, rule.checksum, 0);
    if (content.empty() || frame.size() > rule.max_length) return {Fault::invalid, "a frame has 1 byte to max_length"};
    return frame;
  }
  frame = is_sized ? sized(rule, content, type) : enclosed(rule, content);
  if (!comes_back(rule, frame, content)) {
    return {Fault::invalid, "this content does not make a frame of kind " +
                                std::string(kFrameKindWords[static_cast<size_t>(rule.kind)]) +
                                ": it is too long, has the wrong length, or holds an end without an escape"};
  }
  return frame;
}

}  // namespace ferrule

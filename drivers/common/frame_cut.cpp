#include "drivers_common/frame_cut.h"

#include <algorithm>
#include <array>
#include <utility>

#include "drivers_common/tagged_frame.h"

namespace ferrule {

namespace {

using Bytes = std::span<const uint8_t>;
using What = FrameCut::What;

enum class Match : uint8_t { no, partly, yes };

// Whether `window` begins with `pattern`; partly: it may, once more bytes are there.
Match begins(Bytes window, std::string_view pattern) {
  const size_t shown = std::min(window.size(), pattern.size());
  const bool same = std::equal(window.begin(), window.begin() + static_cast<std::ptrdiff_t>(shown), pattern.begin(),
                               [](uint8_t byte, char letter) { return byte == static_cast<uint8_t>(letter); });
  if (!same) return Match::no;
  return shown == pattern.size() ? Match::yes : Match::partly;
}

// The first place where `pattern` begins, or may begin; the size where there is none.
size_t find_start(Bytes window, std::string_view pattern) {
  for (size_t at = 0; at < window.size(); ++at) {
    if (begins(window.subspan(at), pattern) != Match::no) return at;
  }
  return window.size();
}

FrameCut lost(FrameDrop why, size_t used) { return {What::drop, why, 0, used, {}}; }
FrameCut skipped(size_t used) { return {What::skip, FrameDrop::noise, 0, used, {}}; }

// Out of step: told once, until a frame is right again.
FrameCut out_of_step(FrameDrop why, size_t used, FrameSearch& search) {
  if (std::exchange(search.hunting, true)) return skipped(used);
  return lost(why, used);
}

FrameCut whole_frame(const FrameRule& rule, Bytes content, size_t used) {
  const auto checked = without_checksum(rule.checksum, content);
  if (!checked) return lost(FrameDrop::bad_checksum, used);
  return {What::frame, FrameDrop::noise, 0, used, *checked};
}

// Takes escapes out of `content`.
Bytes unescaped(const FrameRule& rule, Bytes content, std::vector<uint8_t>& scratch) {
  if (!rule.escape || std::ranges::find(content, *rule.escape) == content.end()) return content;
  scratch.clear();
  for (size_t at = 0; at < content.size(); ++at) {
    const bool escape = content[at] == *rule.escape && at + 1 < content.size();
    scratch.push_back(escape ? static_cast<uint8_t>(content[++at] ^ rule.escape_xor) : content[at]);
  }
  return scratch;
}

// ---- lines, delimiter

struct End {
  bool found = false;
  size_t at = 0;  // where it begins, or: it does not begin before
};

bool ends_line(uint8_t byte) { return byte == '\r' || byte == '\n'; }

End find_end(const FrameRule& rule, Bytes window, size_t from) {
  size_t at = from;
  while (at < window.size()) {
    if (rule.kind == FrameKind::lines) {
      if (ends_line(window[at])) return {true, at};
    } else if (rule.escape && window[at] == *rule.escape) {
      if (at + 1 >= window.size()) break;
      ++at;
    } else {
      const Match match = begins(window.subspan(at), rule.end);
      if (match == Match::yes) return {true, at};
      if (match == Match::partly) break;
    }
    ++at;
  }
  return {false, at};
}

FrameCut cut_delimited(const FrameRule& rule, Bytes window, FrameSearch& search, std::vector<uint8_t>& scratch) {
  const size_t end_size = rule.kind == FrameKind::lines ? 1 : rule.end.size();
  if (search.skipping) {
    const End end = find_end(rule, window, 0);
    search.skipping = !end.found;
    const size_t used = end.found ? end.at + end_size : end.at;
    return used == 0 ? FrameCut{} : skipped(used);
  }
  const End end = find_end(rule, window.first(std::min(window.size(), rule.max_length + end_size)), search.scanned);
  if (end.found && end.at <= rule.max_length) {
    if (end.at == 0) return {What::empty, FrameDrop::noise, 0, end_size, {}};
    return whole_frame(rule, unescaped(rule, window.first(end.at), scratch), end.at + end_size);
  }
  if (window.size() < rule.max_length + end_size) {
    search.scanned = static_cast<uint32_t>(end.at);
    return {};
  }
  search.skipping = true;
  return lost(FrameDrop::too_long, std::max<size_t>(end.at, 1));
}

// ---- fixed, length, tagged

uint32_t number_at(const FrameRule& rule, Bytes window) {
  const Bytes bytes = window.subspan(rule.length_at, rule.length_width);
  uint32_t number = 0;
  for (size_t i = 0; i < bytes.size(); ++i) number = number << 8 | bytes[rule.length_little ? bytes.size() - 1 - i : i];
  return number;
}

FrameCut cut_sized(const FrameRule& rule, Bytes window, FrameSearch& search) {
  if (const size_t at = find_start(window, rule.start); at > 0) return out_of_step(FrameDrop::noise, at, search);
  auto total = static_cast<int64_t>(rule.length);
  if (rule.kind != FrameKind::fixed) {
    if (window.size() < rule.header()) return {};
    total = static_cast<int64_t>(number_at(rule, window)) + rule.length_add;
    const auto least = static_cast<int64_t>(std::max(rule.header(), rule.start.size()));
    if (total < least) return out_of_step(FrameDrop::bad_length, 1, search);
    if (total > static_cast<int64_t>(rule.max_length)) return out_of_step(FrameDrop::too_long, 1, search);
  }
  const auto size = static_cast<size_t>(total);
  if (window.size() < size) return {};
  FrameCut cut = whole_frame(rule, window.first(size), size);
  if (cut.what == What::drop) return out_of_step(cut.why, 1, search);
  if (rule.kind == FrameKind::tagged) {
    const uint8_t version = window[rule.start.size()];
    if (version != kTaggedVersion) return out_of_step(FrameDrop::wrong_version, size, search);
    cut.type = window[rule.start.size() + 1];
    cut.content = cut.content.subspan(rule.header());
  }
  search.hunting = false;
  return cut;
}

// ---- between

FrameCut cut_between(const FrameRule& rule, Bytes window, FrameSearch& search, std::vector<uint8_t>& scratch) {
  if (const size_t at = find_start(window, rule.start); at > 0) return out_of_step(FrameDrop::noise, at, search);
  const size_t first = rule.start.size();
  if (window.size() < first) return {};
  size_t at = std::max<size_t>(search.scanned, first);
  while (at < window.size()) {
    if (at - first > rule.max_length) return out_of_step(FrameDrop::too_long, first, search);
    if (rule.escape && window[at] == *rule.escape) {
      if (at + 1 >= window.size()) break;
      at += 2;
      continue;
    }
    const Match end = begins(window.subspan(at), rule.end);
    const Match start = begins(window.subspan(at), rule.start);
    if (end == Match::yes) {
      search.hunting = false;
      return whole_frame(rule, unescaped(rule, window.subspan(first, at - first), scratch), at + rule.end.size());
    }
    if (end == Match::partly) break;
    if (start == Match::yes) return out_of_step(FrameDrop::unfinished, at, search);
    if (start == Match::partly) break;
    ++at;
  }
  search.scanned = static_cast<uint32_t>(at);
  return {};
}

// ---- checksums

std::optional<uint32_t> sum_in_letters(Bytes letters) {
  uint32_t sum = 0;
  for (const uint8_t letter : letters) {
    const bool digit = letter >= '0' && letter <= '9';
    const uint8_t lower = letter | 0x20;
    if (!digit && (lower < 'a' || lower > 'f')) return std::nullopt;
    sum = sum << 4 | static_cast<uint32_t>(digit ? letter - '0' : lower - 'a' + 10);
  }
  return sum;
}

uint32_t turned(uint32_t sum, size_t width) {
  uint32_t other = 0;
  for (size_t i = 0; i < width; ++i, sum >>= 8) other = other << 8 | (sum & 0xff);
  return other;
}

std::optional<uint32_t> sum_on_wire(const ChecksumRule& rule, Bytes bytes) {
  uint32_t sum = 0;
  if (rule.hex) {
    const auto read = sum_in_letters(bytes);
    if (!read) return std::nullopt;
    sum = *read;
  } else {
    for (const uint8_t byte : bytes) sum = sum << 8 | byte;
  }
  return rule.little ? turned(sum, checksum_width(rule.kind)) : sum;
}

}  // namespace

std::optional<std::span<const uint8_t>> without_checksum(const ChecksumRule& rule, std::span<const uint8_t> content) {
  if (rule.kind == ChecksumKind::none) return content;
  const size_t tail = rule.separator.size() + rule.size();
  const auto missing = rule.required ? std::nullopt : std::optional(content);
  if (content.size() < tail) return missing;
  const Bytes before = content.first(content.size() - tail);
  if (begins(content.subspan(before.size()), rule.separator) != Match::yes) return missing;
  const auto sum = sum_on_wire(rule, content.last(rule.size()));
  if (!sum || before.size() < rule.from || *sum != checksum(rule.kind, before.subspan(rule.from))) return std::nullopt;
  return before;
}

std::string_view to_text(FrameDrop drop) {
  constexpr std::array<std::string_view, kFrameDrops> kWords{"too_long",   "bad_length", "bad_checksum",
                                                             "unfinished", "noise",      "wrong_version"};
  return kWords[static_cast<size_t>(drop)];
}

FrameCut cut_front(const FrameRule& rule, std::span<const uint8_t> window, FrameSearch& search, std::vector<uint8_t>& scratch) {
  switch (rule.kind) {
    case FrameKind::lines:
    case FrameKind::delimiter: return cut_delimited(rule, window, search, scratch);
    case FrameKind::fixed:
    case FrameKind::length:
    case FrameKind::tagged: return cut_sized(rule, window, search);
    case FrameKind::between: return cut_between(rule, window, search, scratch);
    case FrameKind::gap:
    case FrameKind::whole: break;
  }
  return {};
}

}  // namespace ferrule

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

// A sum over `size` bytes was wrong: the search goes on one byte further. A stream that is made of false headers would so cost a
// sum over a longest frame for each of its bytes; beyond what its bytes allow a false frame is skipped as a whole.
constexpr uint32_t kWorkPerByte = 64;
constexpr uint32_t kMostWork = 1 << 20;

FrameCut try_on(FrameDrop why, size_t size, FrameSearch& search) {
  search.work += static_cast<uint32_t>(size);
  return out_of_step(why, search.work > kMostWork ? size : 1, search);
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
    search.joined = search.joined && !end.found;
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
    const bool strange = rule.kind == FrameKind::tagged && window[rule.start.size()] != kTaggedVersion;
    if (strange) return out_of_step(FrameDrop::wrong_version, 1, search);
    total = static_cast<int64_t>(number_at(rule, window)) + rule.length_add;
    const auto least = static_cast<int64_t>(std::max(rule.header(), rule.start.size()));
    if (total < least) return out_of_step(FrameDrop::bad_length, 1, search);
    if (total > static_cast<int64_t>(rule.max_length)) return out_of_step(FrameDrop::too_long, 1, search);
  }
  const auto size = static_cast<size_t>(total);
  if (window.size() < size) return {};
  FrameCut cut = whole_frame(rule, window.first(size), size);
  if (cut.what == What::drop) return try_on(cut.why, size, search);
  if (rule.kind == FrameKind::tagged) {
    cut.type = window[rule.start.size() + 1];
    cut.content = cut.content.subspan(rule.header());
  }
  search.hunting = false;
  return cut;
}

// ---- between

// `window` is a whole frame from its start on; its end stands at `end`.
FrameCut enclosed_frame(const FrameRule& rule, Bytes window, size_t end, FrameSearch& search, std::vector<uint8_t>& scratch) {
  const ChecksumRule& sum = rule.checksum;
  const size_t first = rule.start.size();
  const Bytes content = unescaped(rule, window.subspan(first, end - first), scratch);
  search.hunting = false;
  if (!sum.behind && !sum.covers_start()) return whole_frame(rule, content, window.size());
  // What is summed, and the sum, in one piece.
  if (content.data() != scratch.data()) scratch.assign(content.begin(), content.end());
  const Bytes before = window.first(sum.covers_start() ? first : 0);
  const Bytes after = window.subspan(end, sum.covers_end() ? rule.end.size() : 0);
  const Bytes behind = window.last(sum.behind ? sum.size() : 0);
  scratch.insert(scratch.begin(), before.begin(), before.end());
  scratch.insert(scratch.end(), after.begin(), after.end());
  scratch.insert(scratch.end(), behind.begin(), behind.end());
  const auto checked = without_checksum(sum, scratch);
  if (checked && checked->size() >= before.size() + after.size()) {
    const size_t length = checked->size() - before.size() - after.size();
    return {What::frame, FrameDrop::noise, 0, window.size(), checked->subspan(before.size(), length)};
  }
  search.hunting = sum.behind;  // what should be the sum may be the next start; if not, it is no loss of its own
  return lost(FrameDrop::bad_checksum, window.size() - behind.size());
}

FrameCut cut_between(const FrameRule& rule, Bytes window, FrameSearch& search, std::vector<uint8_t>& scratch) {
  if (const size_t at = find_start(window, rule.start); at > 0) return out_of_step(FrameDrop::noise, at, search);
  const size_t first = rule.start.size();
  if (window.size() < first) return {};
  size_t at = std::max<size_t>(search.scanned, first);
  while (at < window.size()) {
    if (at - first > rule.max_length) return out_of_step(FrameDrop::too_long, at, search);  // no start stands before it
    if (rule.escape && window[at] == *rule.escape) {
      if (at + 1 >= window.size()) break;
      at += 2;
      continue;
    }
    const Match end = begins(window.subspan(at), rule.end);
    const Match start = begins(window.subspan(at), rule.start);
    if (end == Match::yes) {
      const size_t used = at + rule.end.size() + (rule.checksum.behind ? rule.checksum.size() : 0);
      if (used > window.size()) break;
      return enclosed_frame(rule, window.first(used), at, search, scratch);
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

std::string_view letters(Bytes bytes) { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }

std::optional<uint32_t> sum_in_letters(Bytes digits) {
  uint32_t sum = 0;
  for (const uint8_t letter : digits) {
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
  // Whatever has the separator was meant to have a sum.
  const bool bare = !rule.required && letters(content).find(rule.separator) == std::string_view::npos;
  const auto missing = bare ? std::optional(content) : std::nullopt;
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
    case FrameKind::tagged: {
      const FrameCut cut = cut_sized(rule, window, search);
      search.work -= static_cast<uint32_t>(std::min<size_t>(search.work, cut.used * kWorkPerByte));
      return cut;
    }
    case FrameKind::between: return cut_between(rule, window, search, scratch);
    case FrameKind::gap:
    case FrameKind::whole: break;
  }
  return {};
}

}  // namespace ferrule

#include "config/text_check.h"

#include <algorithm>
#include <array>

namespace ferrule::config {

namespace {

bool continues(uint8_t byte) { return (byte & 0xc0) == 0x80; }

// The length of the UTF-8 sequence (RFC 3629, 4) that begins at `at`; 0: none does.
size_t sequence_length(std::string_view text, size_t at) {
  const auto byte = [&](size_t i) { return at + i < text.size() ? static_cast<uint8_t>(text[at + i]) : uint8_t{0}; };
  const uint8_t lead = byte(0);
  if (lead < 0x80) return 1;
  if (lead >= 0xc2 && lead <= 0xdf) return continues(byte(1)) ? 2 : 0;
  if (lead >= 0xe0 && lead <= 0xef) {
    if ((lead == 0xe0 && byte(1) < 0xa0) || (lead == 0xed && byte(1) > 0x9f)) return 0;
    return continues(byte(1)) && continues(byte(2)) ? 3 : 0;
  }
  if (lead >= 0xf0 && lead <= 0xf4) {
    if ((lead == 0xf0 && byte(1) < 0x90) || (lead == 0xf4 && byte(1) > 0x8f)) return 0;
    return continues(byte(1)) && continues(byte(2)) && continues(byte(3)) ? 4 : 0;
  }
  return 0;
}

bool forbidden(uint8_t byte) { return (byte < 0x20 && byte != '\t' && byte != '\n' && byte != '\r') || byte == 0x7f; }

Mark mark_at(std::string_view text, size_t at, uint16_t file) {
  const std::string_view before = text.substr(0, at);
  const size_t line = 1 + static_cast<size_t>(std::count(before.begin(), before.end(), '\n'));
  const size_t newline = before.rfind('\n');
  const size_t bytes = newline == std::string_view::npos ? at : at - newline - 1;
  const size_t column = std::min<size_t>(column_at(text, at, bytes), 65535);
  return {static_cast<uint32_t>(line), static_cast<uint16_t>(column), file};
}

std::string hexadecimal(uint8_t byte) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  return std::string("0x") + kDigits[byte >> 4] + kDigits[byte & 15];
}

}  // namespace

size_t column_at(std::string_view text, size_t at, size_t bytes) {
  size_t column = 1;
  for (size_t i = at - bytes; i < at; ++i) column += continues(static_cast<uint8_t>(text[i])) ? 0 : 1;
  return column;
}

bool check_text(std::string_view text, uint16_t file, Report& report) {
  if (text.starts_with("\xff\xfe") || text.starts_with("\xfe\xff")) {
    report.add({1, 1, file}, "the file is UTF-16: save it as UTF-8");
    return false;
  }
  size_t at = 0;
  while (at < text.size()) {
    const auto byte = static_cast<uint8_t>(text[at]);
    if (forbidden(byte)) {
      report.add(mark_at(text, at, file), "a control character (" + hexadecimal(byte) + "): remove it");
      return false;
    }
    const size_t length = sequence_length(text, at);
    if (length == 0) {
      report.add(mark_at(text, at, file), "not UTF-8 (byte " + hexadecimal(byte) + "): save the file as UTF-8");
      return false;
    }
    at += length;
  }
  return true;
}

}  // namespace ferrule::config

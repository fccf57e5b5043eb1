#include "drivers_common/byte_text.h"

#include <charconv>

namespace ferrule {

namespace {

Status wrong_escape(std::string_view text, size_t at) {
  return {Fault::invalid, "'" + std::string(text.substr(at, 4)) + R"(' is no byte: write \r, \n, \t, \\ or two hexadecimal )" +
                              R"(digits as in \x02)"};
}

// Reads the escape whose backslash stands at `at`; moves `at` behind it. Nothing: it is none.
bool take_escape(std::string_view text, size_t& at, std::string& bytes) {
  const char letter = at + 1 < text.size() ? text[at + 1] : '\0';
  constexpr std::string_view kLetters = "rnt\\0";
  constexpr std::string_view kBytes{"\r\n\t\\\0", 5};
  const size_t known = kLetters.find(letter);
  if (letter != '\0' && known != std::string_view::npos) {
    bytes += kBytes[known];
    at += 2;
    return true;
  }
  uint8_t byte = 0;
  const std::string_view digits = letter == 'x' ? text.substr(at + 2, 2) : std::string_view();
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), byte, 16);
  if (digits.size() != 2 || error != std::errc() || end != digits.data() + 2) return false;
  bytes += static_cast<char>(byte);
  at += 4;
  return true;
}

}  // namespace

Result<std::string> parse_bytes(std::string_view text) {
  std::string bytes;
  size_t at = 0;
  while (at < text.size()) {
    if (text[at] != '\\') {
      bytes += text[at++];
    } else if (!take_escape(text, at, bytes)) {
      return wrong_escape(text, at);
    }
  }
  if (bytes.size() > kMostByteText) return {Fault::invalid, "longer than " + std::to_string(kMostByteText) + " bytes"};
  return bytes;
}

Status check_bytes(std::string_view text) { return parse_bytes(text).status(); }

std::string bytes_field(const Fields& fields, std::string_view name) {
  auto bytes = parse_bytes(fields.text(name));
  return bytes ? std::move(*bytes) : std::string();  // config has checked it
}

}  // namespace ferrule

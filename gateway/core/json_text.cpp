#include "core/json_text.h"

#include <charconv>
#include <cmath>

namespace ferrule::json {

namespace {

template <class Number>
void append_digits(std::string& out, Number number) {
  char digits[40];
  out.append(digits, std::to_chars(digits, digits + sizeof digits, number).ptr);
}

bool continuation(char c) { return (static_cast<uint8_t>(c) & 0xc0) == 0x80; }

// The length of the valid UTF-8 sequence at text[at], 0 when it is not one (RFC 3629 §4).
size_t utf8_length(std::string_view text, size_t at) {
  const auto lead = static_cast<uint8_t>(text[at]);
  const auto second = at + 1 < text.size() ? static_cast<uint8_t>(text[at + 1]) : 0;
  size_t length = 0;
  if (lead < 0x80) return 1;
  if (lead >= 0xc2 && lead <= 0xdf) length = 2;
  if (lead >= 0xe0 && lead <= 0xef) length = 3;
  if (lead >= 0xf0 && lead <= 0xf4) length = 4;
  if (length == 0 || at + length > text.size()) return 0;
  for (size_t i = 1; i < length; ++i) {
    if (!continuation(text[at + i])) return 0;
  }
  const bool overlong = (lead == 0xe0 && second < 0xa0) || (lead == 0xf0 && second < 0x90);
  const bool surrogate = lead == 0xed && second > 0x9f;
  const bool beyond = lead == 0xf4 && second > 0x8f;
  return overlong || surrogate || beyond ? 0 : length;
}

void append_escaped(std::string& out, char c) {
  constexpr std::string_view kHex = "0123456789abcdef";
  switch (c) {
    case '"': out += "\\\""; return;
    case '\\': out += "\\\\"; return;
    case '\n': out += "\\n"; return;
    case '\r': out += "\\r"; return;
    case '\t': out += "\\t"; return;
    default:
      out += "\\u00";
      out += kHex[static_cast<uint8_t>(c) >> 4];
      out += kHex[static_cast<uint8_t>(c) & 15];
  }
}

bool plain(char c) { return static_cast<uint8_t>(c) >= 0x20 && static_cast<uint8_t>(c) < 0x7f && c != '"' && c != '\\'; }

void append_base64(std::string& out, std::string_view bytes) {
  constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  for (size_t i = 0; i < bytes.size(); i += 3) {
    const size_t count = std::min<size_t>(3, bytes.size() - i);
    uint32_t group = 0;
    for (size_t j = 0; j < 3; ++j) group = (group << 8) | (j < count ? static_cast<uint8_t>(bytes[i + j]) : 0u);
    for (size_t j = 0; j < 4; ++j) out += j <= count ? kAlphabet[(group >> (18 - 6 * j)) & 63] : '=';
  }
}

}  // namespace

void append_quoted(std::string& out, std::string_view text) {
  out += '"';
  size_t at = 0;
  while (at < text.size()) {
    size_t run = at;
    while (run < text.size() && plain(text[run])) ++run;
    out.append(text, at, run - at);
    at = run;
    if (at == text.size()) break;
    const size_t length = utf8_length(text, at);
    if (length == 0) {
      out += "\xef\xbf\xbd";
    } else if (length > 1) {
      out.append(text, at, length);
    } else {
      append_escaped(out, text[at]);
    }
    at += length == 0 ? 1 : length;
  }
  out += '"';
}

void append_number(std::string& out, int64_t number) { append_digits(out, number); }
void append_number(std::string& out, uint64_t number) { append_digits(out, number); }

void append_number(std::string& out, float number) {
  if (std::isfinite(number)) {
    append_digits(out, number);
  } else {
    out += "null";
  }
}

void append_number(std::string& out, double number) {
  if (std::isfinite(number)) {
    append_digits(out, number);
  } else {
    out += "null";
  }
}

void append_value(std::string& out, const Value& value) {
  switch (value.kind()) {
    case Value::Kind::none: out += "null"; break;
    case Value::Kind::boolean: out += value.as_bool() ? "true" : "false"; break;
    case Value::Kind::integer: append_number(out, value.as_int()); break;
    case Value::Kind::unsigned_integer: append_number(out, value.as_uint()); break;
    case Value::Kind::float32: append_number(out, value.as_float()); break;
    case Value::Kind::float64: append_number(out, value.as_double()); break;
    case Value::Kind::text: append_quoted(out, value.as_text()); break;
    case Value::Kind::bytes:
      out += '"';
      append_base64(out, value.as_text());
      out += '"';
      break;
  }
}

void Object::key(std::string_view name) {
  if (!first_) out_ += ',';
  first_ = false;
  append_quoted(out_, name);
  out_ += ':';
}

}  // namespace ferrule::json

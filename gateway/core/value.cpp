#include "core/value.h"

#include <atomic>
#include <charconv>

namespace ferrule {

struct Value::Shared {
  std::atomic<uint32_t> owners{1};
  std::string text;
};

Value::Value(Kind kind, std::string_view text) : kind_(kind) { bits_.shared = new Shared{1, std::string(text)}; }

void Value::retain() const { bits_.shared->owners.fetch_add(1, std::memory_order_relaxed); }

void Value::release() {
  if (bits_.shared->owners.fetch_sub(1, std::memory_order_acq_rel) == 1) delete bits_.shared;
}

std::string_view Value::as_text() const { return bits_.shared->text; }

std::optional<double> Value::number() const {
  switch (kind_) {
    case Kind::boolean:
    case Kind::integer: return static_cast<double>(bits_.integer);
    case Kind::unsigned_integer: return static_cast<double>(bits_.natural);
    case Kind::float32: return static_cast<double>(bits_.single);
    case Kind::float64: return bits_.real;
    default: return std::nullopt;
  }
}

bool operator==(const Value& a, const Value& b) {
  if (a.kind_ != b.kind_) return false;
  switch (a.kind_) {
    case Value::Kind::none: return true;
    case Value::Kind::float32: return std::bit_cast<uint32_t>(a.bits_.single) == std::bit_cast<uint32_t>(b.bits_.single);
    case Value::Kind::text:
    case Value::Kind::bytes: return a.as_text() == b.as_text();
    default: return a.bits_.natural == b.bits_.natural;
  }
}

std::string_view to_text(Value::Kind kind) {
  switch (kind) {
    case Value::Kind::none: return "none";
    case Value::Kind::boolean: return "bool";
    case Value::Kind::integer: return "int64";
    case Value::Kind::unsigned_integer: return "uint64";
    case Value::Kind::float32: return "float32";
    case Value::Kind::float64: return "float64";
    case Value::Kind::text: return "text";
    case Value::Kind::bytes: return "bytes";
  }
  return "unknown";
}

namespace {

template <class Number>
void append_number(std::string& out, Number number) {
  char digits[32];
  const auto end = std::to_chars(digits, digits + sizeof digits, number).ptr;
  out.append(digits, end);
}

void append_hex(std::string& out, std::string_view bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  for (const char c : bytes) {
    out += kDigits[static_cast<uint8_t>(c) >> 4];
    out += kDigits[static_cast<uint8_t>(c) & 15];
  }
}

}  // namespace

void append_text(std::string& out, const Value& value) {
  switch (value.kind()) {
    case Value::Kind::none: out += "none"; break;
    case Value::Kind::boolean: out += value.as_bool() ? "true" : "false"; break;
    case Value::Kind::integer: append_number(out, value.as_int()); break;
    case Value::Kind::unsigned_integer: append_number(out, value.as_uint()); break;
    case Value::Kind::float32: append_number(out, value.as_float()); break;
    case Value::Kind::float64: append_number(out, value.as_double()); break;
    case Value::Kind::text: out += value.as_text(); break;
    case Value::Kind::bytes: append_hex(out, value.as_text()); break;
  }
}

std::string to_text(const Value& value) {
  std::string out;
  append_text(out, value);
  return out;
}

}  // namespace ferrule

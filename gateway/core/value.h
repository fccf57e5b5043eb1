// One value of one tag: 16 bytes, cheap to copy. Numbers and booleans live inside; text and bytes are shared and immutable, so
// that copying a sample never allocates.
//
// Thread safety: as for int; the shared text is reference-counted atomically.
#pragma once

#include <bit>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace ferrule {

class Value {
 public:
  enum class Kind : uint8_t { none, boolean, integer, unsigned_integer, float32, float64, text, bytes };

  Value() = default;
  Value(bool value) : kind_(Kind::boolean) { bits_.integer = value ? 1 : 0; }       // NOLINT(google-explicit-constructor)
  Value(int64_t value) : kind_(Kind::integer) { bits_.integer = value; }            // NOLINT(google-explicit-constructor)
  Value(uint64_t value) : kind_(Kind::unsigned_integer) { bits_.natural = value; }  // NOLINT(google-explicit-constructor)
  Value(float value) : kind_(Kind::float32) { bits_.single = value; }               // NOLINT(google-explicit-constructor)
  Value(double value) : kind_(Kind::float64) { bits_.real = value; }                // NOLINT(google-explicit-constructor)
  static Value text(std::string_view text) { return {Kind::text, text}; }
  static Value bytes(std::string_view bytes) { return {Kind::bytes, bytes}; }

  Value(const Value& other) : kind_(other.kind_), bits_(other.bits_) {
    if (shared()) retain();
  }
  Value(Value&& other) noexcept : kind_(other.kind_), bits_(other.bits_) { other.kind_ = Kind::none; }
  Value& operator=(Value other) noexcept {
    std::swap(kind_, other.kind_);
    std::swap(bits_, other.bits_);
    return *this;
  }
  ~Value() {
    if (shared()) release();
  }

  Kind kind() const { return kind_; }
  bool empty() const { return kind_ == Kind::none; }
  bool is_number() const { return kind_ >= Kind::integer && kind_ <= Kind::float64; }
  bool is_integer() const { return kind_ == Kind::integer || kind_ == Kind::unsigned_integer; }
  bool is_text() const { return kind_ == Kind::text; }

  // Each may be called only for its own kind.
  bool as_bool() const { return bits_.integer != 0; }
  int64_t as_int() const { return bits_.integer; }
  uint64_t as_uint() const { return bits_.natural; }
  float as_float() const { return bits_.single; }
  double as_double() const { return bits_.real; }
  std::string_view as_text() const;  // of text and of bytes

  // Booleans (0, 1) and numbers as a double; nothing for text, bytes and none. Integers beyond 2^53 lose their last digits.
  std::optional<double> number() const;

  // Same kind and same value; two NaN of the same bits are equal.
  friend bool operator==(const Value& a, const Value& b);

 private:
  struct Shared;  // a counted string
  union Bits {
    int64_t integer = 0;
    uint64_t natural;
    float single;
    double real;
    Shared* shared;
  };

  Value(Kind kind, std::string_view text);
  bool shared() const { return kind_ >= Kind::text; }
  void retain() const;
  void release();

  Kind kind_ = Kind::none;
  Bits bits_;
};

static_assert(sizeof(Value) == 16);

std::string_view to_text(Value::Kind kind);

// As a user reads it: 81.4, true, "off" without quotes; bytes in hexadecimal. Numbers are shortest-exact. Appends.
void append_text(std::string& out, const Value& value);
std::string to_text(const Value& value);

}  // namespace ferrule

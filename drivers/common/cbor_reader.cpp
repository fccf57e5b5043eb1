// CBOR (RFC 8949). Our own, because nlohmann's reader recurses on tags and chunked strings without a limit and refuses maps whose
// keys are numbers, which SenML (RFC 8428) has.
#include <charconv>
#include <cmath>
#include <string>

#include "drivers_common/byte_reader.h"
#include "drivers_common/document.h"

namespace ferrule {

namespace {

constexpr uint64_t kEndless = UINT64_MAX;
constexpr uint8_t kBreak = 0xff;
constexpr int kMostTags = 8;  // around one value

// The tags that say how what they stand before is to be read as a number.
constexpr uint64_t kNatural = 2, kNegative = 3, kDecimal = 4, kBinary = 5;
bool makes_number(uint64_t tag) { return tag >= kNatural && tag <= kBinary; }

double half(uint16_t bits) {
  const int exponent = (bits >> 10) & 31;
  const double fraction = bits & 1023;
  double value = 0;
  if (exponent == 0) {
    value = std::ldexp(fraction, -24);
  } else if (exponent == 31) {
    value = fraction == 0 ? INFINITY : NAN;
  } else {
    value = std::ldexp(fraction + 1024, exponent - 25);
  }
  return (bits & 0x8000) != 0 ? -value : value;
}

// -1 - n beyond 64 bits loses digits rather than its sign.
Value cbor_integer(bool negative, uint64_t n) {
  if (!negative) return n <= INT64_MAX ? Value(static_cast<int64_t>(n)) : Value(n);
  return n <= INT64_MAX ? Value(-1 - static_cast<int64_t>(n)) : Value(-1.0 - static_cast<double>(n));
}

// mantissa * 10^exponent or * 2^exponent, the nearest double. Empty: none is near.
Value cbor_fraction(uint64_t tag, const Value& exponent, const Value& mantissa) {
  constexpr int64_t kMostExponent = 2000;
  if (!mantissa.is_integer() || exponent.kind() != Value::Kind::integer) return {};
  if (exponent.as_int() > kMostExponent || exponent.as_int() < -kMostExponent) return {};
  double number = 0;
  if (tag == kBinary) {
    number = std::ldexp(*mantissa.number(), static_cast<int>(exponent.as_int()));
    return std::isfinite(number) ? Value(number) : Value();
  }
  const std::string written = to_text(mantissa) + "e" + to_text(exponent);
  const bool sound = std::from_chars(written.data(), written.data() + written.size(), number).ec == std::errc();
  return sound ? Value(number) : Value();
}

class CborReader {
 public:
  explicit CborReader(std::span<const uint8_t> bytes) : in_(bytes) {}

  Result<Document> read() {
    while (trouble_.empty() && (open_.empty() ? !builder_.complete() : true)) {
      if (!open_.empty() && at_end_of_level()) {
        open_.pop_back();
        builder_.close();
      } else if (!item()) {
        break;
      }
    }
    if (trouble_.empty()) trouble_ = builder_.trouble();
    if (trouble_.empty() && in_.failed()) trouble_ = "ends too early";
    if (trouble_.empty() && !in_.empty()) trouble_ = "bytes behind the value";
    if (trouble_.empty() && !builder_.complete()) trouble_ = "ends too early";
    if (!trouble_.empty()) return {Fault::bad_reply, "not CBOR, at byte " + std::to_string(in_.at()) + ": " + trouble_};
    return builder_.take();
  }

 private:
  struct Level {
    uint64_t left;  // values to come; kEndless: until a break
    bool map;
    bool at_key;
  };
  struct Head {
    uint8_t major = 0;
    uint8_t info = 0;
    uint64_t number = 0;
  };

  bool fail(std::string why) {
    if (trouble_.empty()) trouble_ = std::move(why);
    return false;
  }

  bool at_end_of_level() {
    Level& level = open_.back();
    if (level.left != kEndless) return level.left == 0;
    if (!in_.next_is(kBreak) || (level.map && !level.at_key)) return false;
    in_.take(1);
    return true;
  }

  Head head() {
    const auto first = static_cast<uint8_t>(in_.number(1));
    Head head{static_cast<uint8_t>(first >> 5), static_cast<uint8_t>(first & 31), static_cast<uint64_t>(first & 31)};
    if (head.info >= 24 && head.info <= 27) head.number = in_.number(size_t{1} << (head.info - 24));
    if (head.info == 31) head.number = kEndless;
    if (head.info >= 28 && head.info <= 30) fail("a reserved length");
    return head;
  }

  // The head of the next value. Of the tags before it only one that makes it a number counts, and stands next to it.
  Head head_behind_tags(uint64_t& tag) {
    Head head = this->head();
    for (int tags = 0; head.major == 6 && !in_.failed(); ++tags, head = this->head()) {
      if (tags == kMostTags || head.info == 31) fail("too many tags");
      if (makes_number(tag)) fail("a number that is none");
      if (!trouble_.empty()) break;
      tag = head.number;
    }
    return head;
  }

  // One value, or the beginning of one that holds others.
  bool item() {
    uint64_t tag = 0;
    const Head head = head_behind_tags(tag);
    if (in_.failed() || !trouble_.empty()) return false;
    const bool is_key = !open_.empty() && open_.back().map && open_.back().at_key;
    if (is_key && head.major > 3) return fail("a key that is neither number nor text");
    if (!is_key) count_value();
    if (is_key) open_.back().at_key = false;
    Value value;
    if (makes_number(tag)) {
      if (!tagged_number(tag, head, value)) return false;
    } else {
      if (head.major == 4 || head.major == 5) return open_level(head);
      if (head.major == 7) return simple(head);
      if (!scalar(head, value)) return false;
    }
    if (is_key) return builder_.key(std::move(value));
    return value.empty() ? builder_.add_other() : builder_.add(std::move(value));
  }

  void count_value() {
    if (open_.empty()) return;
    Level& level = open_.back();
    if (level.left != kEndless) --level.left;
    level.at_key = level.map;
  }

  bool open_level(const Head& head) {
    const bool map = head.major == 5;
    open_.push_back({head.number, map, map});
    return builder_.open(map ? Document::Kind::map : Document::Kind::array);
  }

  bool scalar(const Head& head, Value& value) {
    if (head.major > 1) return string(head, value);
    if (head.info == 31) return fail("a number without an end");
    value = cbor_integer(head.major == 1, head.number);
    return true;
  }

  // Empty: a sound number that we cannot hold.
  bool tagged_number(uint64_t tag, const Head& head, Value& value) {
    return tag <= kNegative ? big_number(tag, head, value) : fraction(tag, head, value);
  }

  bool big_number(uint64_t tag, const Head& head, Value& value) {
    Value digits;
    if (head.major != 2) return fail("a number that is none");
    if (!string(head, digits)) return false;
    uint64_t number = 0;
    for (const char digit : digits.as_text()) {
      if (number >> 56 != 0) return true;
      number = number << 8 | static_cast<uint8_t>(digit);
    }
    value = cbor_integer(tag == kNegative, number);
    return true;
  }

  bool fraction(uint64_t tag, const Head& head, Value& value) {
    Value exponent, mantissa;
    if (head.major != 4 || (head.info != 31 && head.number != 2)) return fail("a number that is none");
    if (!whole_number(exponent) || !whole_number(mantissa)) return fail("a number that is none");
    if (head.info == 31 && in_.number(1) != kBreak) return fail("a number that is none");
    value = cbor_fraction(tag, exponent, mantissa);
    return true;
  }

  bool whole_number(Value& value) {
    uint64_t tag = 0;
    const Head head = head_behind_tags(tag);
    if (tag == kNatural || tag == kNegative) return big_number(tag, head, value);
    return !makes_number(tag) && head.major <= 1 && scalar(head, value);
  }

  bool string(const Head& head, Value& value) {
    std::string letters;
    if (head.info != 31) {
      append(letters, head.number);
    } else {
      while (trouble_.empty() && !in_.failed() && !in_.next_is(kBreak)) {
        const Head chunk = this->head();
        if (chunk.major != head.major || chunk.info == 31) return fail("a chunk of another kind");
        append(letters, chunk.number);
      }
      in_.take(1);
    }
    if (in_.failed()) return false;
    value = head.major == 2 ? Value::bytes(letters) : Value::text(letters);
    return true;
  }

  void append(std::string& letters, uint64_t count) {
    const auto bytes = in_.take(count);
    letters.append(bytes.begin(), bytes.end());
  }

  bool simple(const Head& head) {
    switch (head.info) {
      case 20:
      case 21: return builder_.add(head.info == 21);
      case 22:
      case 23: return builder_.add(Value());
      case 25: return builder_.add(half(static_cast<uint16_t>(head.number)));
      case 26: return builder_.add(std::bit_cast<float>(static_cast<uint32_t>(head.number)));
      case 27: return builder_.add(std::bit_cast<double>(head.number));
      default: break;
    }
    if (head.info == 31) return fail("a stray break");
    if (head.info == 24 && head.number < 32) return fail("a simple value in too many bytes");
    return builder_.add_other();
  }

  ByteReader in_;
  DocumentBuilder builder_;
  std::vector<Level> open_;
  std::string trouble_;
};

}  // namespace

Result<Document> Document::cbor(std::span<const uint8_t> bytes) {
  if (bytes.size() > kMostBytes) return {Fault::bad_reply, "more than " + std::to_string(kMostBytes) + " bytes of CBOR"};
  return CborReader(bytes).read();
}

}  // namespace ferrule

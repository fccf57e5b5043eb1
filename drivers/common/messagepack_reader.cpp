// MessagePack (msgpack.org, specification of 2017). Extension types become their bytes.
#include <string>

#include "drivers_common/byte_reader.h"
#include "drivers_common/document.h"

namespace ferrule {

namespace {

class MessagePackReader {
 public:
  explicit MessagePackReader(std::span<const uint8_t> bytes) : in_(bytes) {}

  Result<Document> read() {
    while (trouble_.empty() && !builder_.complete()) {
      if (!open_.empty() && open_.back().left == 0) {
        open_.pop_back();
        builder_.close();
      } else if (!item()) {
        break;
      }
    }
    if (trouble_.empty()) trouble_ = builder_.trouble();
    if (trouble_.empty() && (in_.failed() || !builder_.complete())) trouble_ = "ends too early";
    if (trouble_.empty() && !in_.empty()) trouble_ = "bytes behind the value";
    if (!trouble_.empty()) return {Fault::bad_reply, "not MessagePack, at byte " + std::to_string(in_.at()) + ": " + trouble_};
    return builder_.take();
  }

 private:
  struct Level {
    uint64_t left;  // values to come
    bool map;
    bool at_key;
  };

  bool item() {
    const auto first = static_cast<uint8_t>(in_.number(1));
    if (in_.failed()) return false;
    is_key_ = !open_.empty() && open_.back().map && open_.back().at_key;
    if (!open_.empty()) {
      if (!is_key_) --open_.back().left;
      open_.back().at_key = open_.back().map && !is_key_;
    }
    if (first <= 0x7f) return put(static_cast<int64_t>(first));
    if (first <= 0x8f) return begin(true, first & 15);
    if (first <= 0x9f) return begin(false, first & 15);
    if (first <= 0xbf) return text(first & 31);
    if (first >= 0xe0) return put(int64_t{static_cast<int8_t>(first)});
    return long_item(first);
  }

  bool long_item(uint8_t first) {
    switch (first) {
      case 0xc0: return put(Value());
      case 0xc2:
      case 0xc3: return put(first == 0xc3);
      case 0xc4:
      case 0xc5:
      case 0xc6: return bytes(in_.number(width(first, 0xc4)));
      case 0xc7:
      case 0xc8:
      case 0xc9: return extension(in_.number(width(first, 0xc7)));
      case 0xca: return put(in_.single());
      case 0xcb: return put(in_.real());
      case 0xcc:
      case 0xcd:
      case 0xce:
      case 0xcf: return natural(in_.number(width(first, 0xcc)));
      case 0xd0: return put(int64_t{static_cast<int8_t>(in_.number(1))});
      case 0xd1: return put(int64_t{static_cast<int16_t>(in_.number(2))});
      case 0xd2: return put(int64_t{static_cast<int32_t>(in_.number(4))});
      case 0xd3: return put(static_cast<int64_t>(in_.number(8)));
      case 0xd4:
      case 0xd5:
      case 0xd6:
      case 0xd7:
      case 0xd8: return extension(width(first, 0xd4));
      case 0xd9:
      case 0xda:
      case 0xdb: return text(in_.number(width(first, 0xd9)));
      case 0xdc:
      case 0xdd: return begin(false, in_.number(2 * width(first, 0xdc)));
      case 0xde:
      case 0xdf: return begin(true, in_.number(2 * width(first, 0xde)));
      default: trouble_ = "a byte without a meaning"; return false;
    }
  }

  static size_t width(uint8_t first, uint8_t one) { return size_t{1} << (first - one); }

  bool put(Value value) {
    if (in_.failed()) return false;
    return is_key_ ? builder_.key(std::move(value)) : builder_.add(std::move(value));
  }
  bool natural(uint64_t number) { return put(number <= INT64_MAX ? Value(static_cast<int64_t>(number)) : Value(number)); }
  std::string letters(uint64_t count) {
    const auto taken = in_.take(count);
    return {taken.begin(), taken.end()};
  }
  bool text(uint64_t count) { return put(Value::text(letters(count))); }
  bool bytes(uint64_t count) { return put(Value::bytes(letters(count))); }
  bool extension(uint64_t count) {
    in_.take(1);  // its type
    return bytes(count);
  }
  bool begin(bool map, uint64_t count) {
    if (is_key_) {
      trouble_ = "a key that holds others";
      return false;
    }
    if (in_.failed()) return false;
    open_.push_back({count, map, map});
    return builder_.open(map ? Document::Kind::map : Document::Kind::array);
  }

  ByteReader in_;
  DocumentBuilder builder_;
  std::vector<Level> open_;
  std::string trouble_;
  bool is_key_ = false;
};

}  // namespace

Result<Document> Document::messagepack(std::span<const uint8_t> bytes) {
  if (bytes.size() > kMostBytes) return {Fault::bad_reply, "more than " + std::to_string(kMostBytes) + " bytes of MessagePack"};
  return MessagePackReader(bytes).read();
}

}  // namespace ferrule

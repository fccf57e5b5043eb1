// Values at fixed offsets of a frame, whole or some bits of them.
#include <bit>

#include "drivers_common/extraction_formats.h"

namespace ferrule {

namespace {

struct Spot {
  size_t offset = 0;
  FieldType type = FieldType::uint8;
  ByteOrder order = ByteOrder::abcd;
  size_t length = 0;  // of a string; 0: the rest
  bool part = false;  // only these bits of the number, 0 the least significant
  unsigned low = 0, high = 0;
};

bool little(ByteOrder order) { return order == ByteOrder::dcba || order == ByteOrder::cdab; }

std::optional<WireType> wire_type_of(FieldType type) {
  const auto wire = wire_type(to_text(type));
  return wire && *wire != WireType::boolean && *wire != WireType::text ? wire : std::nullopt;
}

uint64_t plain_number(std::span<const uint8_t> bytes, bool low_first) {
  uint64_t number = 0;
  for (size_t i = 0; i < bytes.size(); ++i) number = number << 8 | bytes[low_first ? bytes.size() - 1 - i : i];
  return number;
}

int64_t with_sign(uint64_t bits, unsigned width) {
  const unsigned shift = 64 - width;
  return static_cast<int64_t>(bits << shift) >> shift;
}

Value whole_value(const Spot& spot, std::span<const uint8_t> bytes) {
  if (const auto wire = wire_type_of(spot.type)) return decode(*wire, spot.order, bytes);
  const uint64_t number = plain_number(bytes, little(spot.order));
  if (spot.type == FieldType::boolean) return number != 0;
  if (is_signed(spot.type)) return with_sign(number, static_cast<unsigned>(bytes.size()) * 8);
  return number;
}

uint64_t bits_of(const Value& value) {
  switch (value.kind()) {
    case Value::Kind::integer: return static_cast<uint64_t>(value.as_int());
    case Value::Kind::unsigned_integer: return value.as_uint();
    case Value::Kind::boolean: return value.as_bool() ? 1 : 0;
    default: return 0;
  }
}

Value some_bits(const Spot& spot, const Value& whole) {
  const unsigned width = spot.high - spot.low + 1;
  const uint64_t mask = width == 64 ? ~uint64_t{0} : (uint64_t{1} << width) - 1;
  const uint64_t bits = bits_of(whole) >> spot.low & mask;
  if (width == 1) return bits != 0;
  if (is_signed(spot.type)) return with_sign(bits, width);
  return bits;
}

class BinaryFormat final : public FieldFormat {
 public:
  Status add(const Place& place) override {
    Spot spot{.type = place.type, .order = place.order, .length = place.length};
    if (place.type == FieldType::automatic) return {Fault::invalid, "a value of a binary layout needs its type: `type: uint16`"};
    const size_t dot = place.at.find('.');
    const auto offset = place_number(std::string_view(place.at).substr(0, dot), 0);
    if (!offset)
      return {Fault::invalid,
              "'" + place.at + "' is no offset: bytes are counted from 0, `at: 4`, bits behind a point, `at: 4.0-3`"};
    spot.offset = *offset;
    if (dot != std::string::npos && !take_bits(place.at.substr(dot + 1), spot)) {
      return {Fault::invalid,
              "'" + place.at + "' names no bits of a " + std::string(to_text(place.type)) + ": `at: 4.3` or `at: 4.0-3`"};
    }
    const bool three = field_size(place.type) == 3;
    if (three && place.order != ByteOrder::abcd && place.order != ByteOrder::dcba) {
      return {Fault::invalid, "three bytes are ordered ABCD or DCBA"};
    }
    spots_.push_back(spot);
    return {};
  }

  Status read(std::span<const uint8_t> frame, ExtractionSink& sink) const override {
    for (size_t i = 0; i < spots_.size(); ++i) {
      const Spot& spot = spots_[i];
      const bool text = spot.type == FieldType::text;
      const size_t rest = frame.size() > spot.offset ? frame.size() - spot.offset : 0;
      const size_t size = !text ? field_size(spot.type) : spot.length == 0 ? rest : spot.length;
      if (size == 0 || size > rest) {
        sink.wrong(i, "the frame ends before it");
        continue;
      }
      const auto bytes = frame.subspan(spot.offset, size);
      if (text) {
        const std::string_view letters = letters_of(bytes);
        sink.found(i, Value::text(letters.substr(0, letters.find('\0'))));
      } else {
        Value value = whole_value(spot, bytes);
        sink.found(i, spot.part ? some_bits(spot, value) : std::move(value));
      }
    }
    return {};
  }

 private:
  static bool take_bits(std::string_view written, Spot& spot) {
    const size_t dash = written.find('-');
    const auto low = place_number(written.substr(0, dash), 0);
    const auto high = dash == std::string_view::npos ? low : place_number(written.substr(dash + 1), 0);
    const bool has_bits = is_integer(spot.type) || spot.type == FieldType::boolean;
    if (!low || !high || !has_bits || *low > *high || *high >= field_size(spot.type) * 8) return false;
    spot.part = true;
    spot.low = static_cast<unsigned>(*low);
    spot.high = static_cast<unsigned>(*high);
    if (spot.type == FieldType::boolean) spot.type = FieldType::uint8;
    return true;
  }

  std::vector<Spot> spots_;
};

}  // namespace

std::unique_ptr<FieldFormat> make_binary_format() { return std::make_unique<BinaryFormat>(); }

}  // namespace ferrule

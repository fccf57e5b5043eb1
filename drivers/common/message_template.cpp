#include "drivers_common/message_template.h"

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <cmath>

#include "drivers_common/byte_text.h"
#include "drivers_common/field_type.h"

namespace ferrule {

namespace {

struct BinaryForm {
  std::string_view word;
  FieldType type;
};
constexpr std::array<BinaryForm, 6> kBinaryForms{{{"u8", FieldType::uint8},
                                                  {"i16", FieldType::int16},
                                                  {"u16", FieldType::uint16},
                                                  {"i32", FieldType::int32},
                                                  {"u32", FieldType::uint32},
                                                  {"f32", FieldType::float32}}};

const BinaryForm* binary_form(std::string_view form) {
  if (form.ends_with("le")) form.remove_suffix(2);
  const auto found = std::ranges::find(kBinaryForms, form, &BinaryForm::word);
  return found == kBinaryForms.end() ? nullptr : &*found;
}

// "04X": width and digits.
struct TextForm {
  int width = 0;
  char base = 'd';
};
std::optional<TextForm> text_form(std::string_view form) {
  TextForm text;
  if (form.ends_with('x') || form.ends_with('X')) {
    text.base = form.back();
    form.remove_suffix(1);
  }
  if (form.empty()) return text;
  const auto [end, error] = std::from_chars(form.data(), form.data() + form.size(), text.width);
  if (error != std::errc() || end != form.data() + form.size() || form[0] != '0' || text.width > 20) return std::nullopt;
  return text;
}

void append_bits(std::vector<uint8_t>& out, uint64_t bits, size_t size, bool low_first) {
  for (size_t i = 0; i < size; ++i) out.push_back(static_cast<uint8_t>(bits >> (8 * (low_first ? i : size - 1 - i))));
}

// Values of commands may be fractions that scale has left: rounded.
Value rounded(const Value& value) {
  const auto number = value.number();
  if (!number || value.is_integer() || !(std::abs(*number) < 0x1p62)) return value;  // nor is NaN rounded
  return Value(static_cast<int64_t>(std::llround(*number)));
}

Status cannot_hold(const Value& value, std::string_view form) {
  return {Fault::invalid, to_text(value) + " does not fit {:" + std::string(form) + "}"};
}

Status append_binary(std::vector<uint8_t>& out, const Value& value, std::string_view form, const BinaryForm& binary) {
  const bool whole = is_integer(binary.type);
  const auto typed = value_as(whole ? rounded(value) : value, binary.type);
  if (!typed) return cannot_hold(value, form);
  uint64_t bits = 0;
  if (typed->kind() == Value::Kind::float32) {
    bits = std::bit_cast<uint32_t>(typed->as_float());
  } else {
    bits = typed->kind() == Value::Kind::integer ? static_cast<uint64_t>(typed->as_int()) : typed->as_uint();
  }
  append_bits(out, bits, field_size(binary.type), form.ends_with("le"));
  return {};
}

Status append_digits(std::vector<uint8_t>& out, const Value& value, std::string_view form) {
  const TextForm text = text_form(form).value_or(TextForm{});
  const auto typed = value_as(rounded(value), FieldType::int64);
  if (!typed || (text.base != 'd' && typed->as_int() < 0)) return cannot_hold(value, form);
  std::array<char, 24> letters{};
  const bool negative = typed->as_int() < 0;
  const uint64_t size = negative ? 0 - static_cast<uint64_t>(typed->as_int()) : static_cast<uint64_t>(typed->as_int());
  const auto end = std::to_chars(letters.data(), letters.data() + letters.size(), size, text.base == 'd' ? 10 : 16).ptr;
  std::string digits(letters.data(), end);
  if (text.base == 'X') std::ranges::transform(digits, digits.begin(), [](char c) { return c >= 'a' ? c - 32 : c; });
  if (negative) out.push_back('-');
  for (auto zeros = static_cast<int>(digits.size()) + (negative ? 1 : 0); zeros < text.width; ++zeros) out.push_back('0');
  out.insert(out.end(), digits.begin(), digits.end());
  return {};
}

}  // namespace

Status MessageTemplate::add(std::string_view inside, Piece& piece) {
  const size_t colon = inside.find(':');
  const std::string_view name = inside.substr(0, colon);
  piece.name = name == "unit" ? Name::unit : name == "id" ? Name::id : name == "value" ? Name::value : Name::none;
  if (piece.name == Name::none) {
    return {Fault::invalid,
            "'{" + std::string(inside) + "}' is not known: there are {unit}, {id} and {value}, and {{ for a brace"};
  }
  if (colon == std::string_view::npos) return {};
  piece.form = inside.substr(colon + 1);
  if (piece.form.empty() || (binary_form(piece.form) == nullptr && !text_form(piece.form))) {
    return {Fault::invalid,
            "'" + piece.form + "' is no form: write 03, 04X, u8, i16, u16, i32, u32 or f32, with le for low byte first"};
  }
  return {};
}

Result<MessageTemplate> MessageTemplate::parse(std::string_view text) {
  const auto bytes = parse_bytes(text);
  if (!bytes) return bytes.status();
  MessageTemplate made;
  Piece piece;
  for (size_t at = 0; at < bytes->size(); ++at) {
    if ((*bytes)[at] != '{') {
      piece.letters += (*bytes)[at];
      continue;
    }
    if (at + 1 < bytes->size() && (*bytes)[at + 1] == '{') {
      piece.letters += '{';
      ++at;
      continue;
    }
    const size_t end = bytes->find('}', at);
    if (end == std::string::npos) return {Fault::invalid, "a '{' without its '}': a brace itself is written {{"};
    if (Status added = add(std::string_view(*bytes).substr(at + 1, end - at - 1), piece); !added.ok()) return added;
    made.pieces_.push_back(std::exchange(piece, {}));
    at = end;
  }
  if (!piece.letters.empty()) made.pieces_.push_back(std::move(piece));
  return made;
}

Result<std::vector<uint8_t>> MessageTemplate::fill(const Values& values) const {
  std::vector<uint8_t> out;
  for (const Piece& piece : pieces_) {
    out.insert(out.end(), piece.letters.begin(), piece.letters.end());
    if (piece.name == Name::none) continue;
    const Value& value = piece.name == Name::unit ? values.unit : piece.name == Name::id ? values.id : values.value;
    Status status;
    if (piece.form.empty()) {
      const std::string letters = to_text(value);
      out.insert(out.end(), letters.begin(), letters.end());
    } else if (const BinaryForm* binary = binary_form(piece.form)) {
      status = append_binary(out, value, piece.form, *binary);
    } else {
      status = append_digits(out, value, piece.form);
    }
    if (!status.ok()) return status;
  }
  return out;
}

bool MessageTemplate::has_value() const {
  return std::ranges::any_of(pieces_, [](const Piece& piece) { return piece.name == Name::value; });
}

Status check_template(std::string_view text) { return MessageTemplate::parse(text).status(); }

}  // namespace ferrule

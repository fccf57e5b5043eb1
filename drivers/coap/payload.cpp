#include "coap/payload.h"

#include <algorithm>
#include <bit>
#include <charconv>
#include <cmath>

#include "core/json_text.h"

namespace ferrule::coap {

namespace {

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kSpaces = " \t\r\n\0";
  const size_t begin = text.find_first_not_of(kSpaces);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kSpaces) - begin + 1);
}

template <class Number>
std::optional<Number> whole(std::string_view text) {
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

Value number_in(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  if (const auto integer = whole<int64_t>(text)) return *integer;
  if (const auto natural = whole<uint64_t>(text)) return *natural;
  if (const auto real = whole<double>(text); real && std::isfinite(*real)) return *real;
  return {};
}

Value boolean_in(const Value& value) {
  if (value.kind() == Value::Kind::boolean) return value;
  if (value.is_number()) return value.number() != 0.0;
  const std::string_view text = value.is_text() ? trimmed(value.as_text()) : std::string_view();
  if (text == "true" || text == "on" || text == "1") return true;
  if (text == "false" || text == "off" || text == "0") return false;
  return {};
}

Taken typed(Value value, Type type) {
  if (value.empty()) return {{}, Reason::bad_reply};
  switch (type) {
    case Type::as_it_comes: return {std::move(value)};
    case Type::text: return {value.is_text() ? std::move(value) : Value::text(to_text(value))};
    case Type::boolean: value = boolean_in(value); break;
    case Type::number:
      if (value.is_text()) value = number_in(trimmed(value.as_text()));
      if (value.kind() == Value::Kind::boolean) value = int64_t{value.as_bool()};
      if (!value.is_number()) value = Value();
      break;
  }
  if (value.empty()) return {{}, Reason::not_a_number};
  return {std::move(value)};
}

Taken from_text(std::string_view bytes, Type type) {
  const std::string_view text = trimmed(bytes);
  if (type == Type::as_it_comes) {
    if (Value number = number_in(text); !number.empty()) return {std::move(number)};
  }
  return typed(Value::text(text), type);
}

Taken from_record(const SenmlRecord& record, Type type) {
  Taken taken = typed(record.value.empty() ? Value(record.sum) : record.value, type);
  taken.source_ns = static_cast<int64_t>(record.time * 1e9);
  return taken;
}

// ---- writing

void append_head(std::string& out, uint8_t major, uint64_t number) {
  const auto lead = static_cast<uint8_t>(major << 5);
  if (number < 24) {
    out += static_cast<char>(lead | number);
    return;
  }
  const int width = number < 0x100 ? 1 : number < 0x10000 ? 2 : number < 0x100000000 ? 4 : 8;
  out += static_cast<char>(lead | (24 + std::countr_zero(static_cast<unsigned>(width))));
  for (int shift = 8 * (width - 1); shift >= 0; shift -= 8) out += static_cast<char>(number >> shift);
}

void append_cbor(std::string& out, std::string_view text) {
  append_head(out, 3, text.size());
  out += text;
}

void append_cbor(std::string& out, const Value& value) {
  switch (value.kind()) {
    case Value::Kind::boolean: out += static_cast<char>(value.as_bool() ? 0xf5 : 0xf4); return;
    case Value::Kind::integer:
      if (value.as_int() < 0) return append_head(out, 1, static_cast<uint64_t>(-(value.as_int() + 1)));
      return append_head(out, 0, static_cast<uint64_t>(value.as_int()));
    case Value::Kind::unsigned_integer: return append_head(out, 0, value.as_uint());
    case Value::Kind::text: return append_cbor(out, value.as_text());
    case Value::Kind::bytes:
      append_head(out, 2, value.as_text().size());
      out += value.as_text();
      return;
    default: break;
  }
  out += static_cast<char>(0xfb);
  const auto bits = std::bit_cast<uint64_t>(value.number().value_or(0));
  for (int shift = 56; shift >= 0; shift -= 8) out += static_cast<char>(bits >> shift);
}

std::string nested(const std::vector<std::string>& pointer, const Value& value, bool cbor) {
  std::string out;
  for (const std::string& key : pointer) {
    if (cbor) {
      append_head(out, 5, 1);
      append_cbor(out, std::string_view(key));
    } else {
      out += '{';
      json::append_quoted(out, key);
      out += ':';
    }
  }
  cbor ? append_cbor(out, value) : json::append_value(out, value);
  if (!cbor) out.append(pointer.size(), '}');
  return out;
}

std::string senml(const std::string& record, const Value& value, bool cbor) {
  std::string out;
  if (cbor) {
    append_head(out, 4, 1);
    append_head(out, 5, record.empty() ? 1 : 2);
    if (!record.empty()) {
      append_head(out, 0, 0);
      append_cbor(out, std::string_view(record));
    }
    append_head(out, 0, value.is_text() ? 3 : value.kind() == Value::Kind::boolean ? 4 : 2);
    append_cbor(out, value);
    return out;
  }
  out = "[{";
  if (!record.empty()) {
    out += "\"n\":";
    json::append_quoted(out, record);
    out += ',';
  }
  out += value.is_text() ? "\"vs\":" : value.kind() == Value::Kind::boolean ? "\"vb\":" : "\"v\":";
  json::append_value(out, value);
  return out + "}]";
}

}  // namespace

ContentFormat content_format(Format format) {
  switch (format) {
    case Format::text: return ContentFormat::text;
    case Format::json: return ContentFormat::json;
    case Format::cbor: return ContentFormat::cbor;
    case Format::senml_json: return ContentFormat::senml_json;
    case Format::senml_cbor: return ContentFormat::senml_cbor;
    case Format::bytes: break;
  }
  return ContentFormat::bytes;
}

// A user who names a place means a document, even where the device does not say that it is one, or calls it bytes.
Format Payload::format_of(const Place& place) const {
  if (place.format) return *place.format;
  switch (said_) {
    case ContentFormat::json: return Format::json;
    case ContentFormat::cbor: return Format::cbor;
    case ContentFormat::senml_json: return Format::senml_json;
    case ContentFormat::senml_cbor: return Format::senml_cbor;
    default: break;
  }
  if (!place.pointer.empty()) return Format::json;
  if (!place.record.empty()) return Format::senml_json;
  return said_ == ContentFormat::bytes ? Format::bytes : Format::text;
}

const Result<Document>& Payload::document(bool cbor) {
  auto& document = documents_[cbor ? 1 : 0];
  if (!document) {
    const std::span bytes(reinterpret_cast<const uint8_t*>(bytes_.data()), bytes_.size());
    document.emplace(cbor ? Document::cbor(bytes) : Document::json(bytes));
  }
  return *document;
}

const Payload::Records& Payload::records(bool cbor) {
  auto& records = records_[cbor ? 1 : 0];
  if (!records) {
    const Result<Document>& read = document(cbor);
    records.emplace(read.ok() ? read_senml(*read, cbor, now_) : Records(read.status()));
  }
  return *records;
}

const Document::Node* Payload::node(const Place& place) {
  const Result<Document>& read = document(format_of(place) == Format::cbor);
  const Document::Node* node = read.ok() ? read->find(place.pointer) : nullptr;
  return node != nullptr && node->kind == Document::Kind::value ? node : nullptr;
}

// A record without a time is as new as the pack.
std::vector<const SenmlRecord*> Payload::records_of(const Place& place) {
  std::vector<const SenmlRecord*> found;
  const Records& read = records(format_of(place) == Format::senml_cbor);
  if (!read.ok()) return found;
  for (const SenmlRecord& record : *read) {
    if (place.record.empty() || record.name == place.record) found.push_back(&record);
  }
  std::ranges::stable_sort(found, [](const SenmlRecord* a, const SenmlRecord* b) {
    return b->time == 0 ? a->time != 0 : a->time != 0 && a->time < b->time;
  });
  return found;
}

bool Payload::readable(const Place& place) {
  switch (format_of(place)) {
    case Format::json: return document(false).ok();
    case Format::cbor: return document(true).ok();
    case Format::senml_json: return records(false).ok();
    case Format::senml_cbor: return records(true).ok();
    default: return true;
  }
}

Taken Payload::take(const Place& place) {
  switch (format_of(place)) {
    case Format::json:
    case Format::cbor: {
      const Document::Node* found = node(place);
      return found == nullptr ? Taken{{}, Reason::bad_reply} : typed(found->value, place.type);
    }
    case Format::senml_json:
    case Format::senml_cbor: {
      const auto found = records_of(place);
      return found.empty() ? Taken{{}, Reason::bad_reply} : from_record(*found.back(), place.type);
    }
    case Format::bytes: return typed(Value::bytes(bytes_), place.type);
    case Format::text: break;
  }
  return from_text(bytes_, place.type);
}

std::vector<Taken> Payload::take_all(const Place& place) {
  std::vector<Taken> all;
  const Format format = format_of(place);
  if (format == Format::senml_json || format == Format::senml_cbor) {
    auto found = records_of(place);
    // Without a name these are values of different things.
    if (place.record.empty() && found.size() > 1) found.erase(found.begin(), found.end() - 1);
    for (const SenmlRecord* record : found) all.push_back(from_record(*record, place.type));
  } else if (format == Format::json || format == Format::cbor) {
    if (const Document::Node* found = node(place)) all.push_back(typed(found->value, place.type));
  } else if (!bytes_.empty()) {
    all.push_back(take(place));
  }
  return all;
}

Result<Written> write_payload(const Place& place, const Value& value) {
  if (value.empty()) return Status(Fault::invalid, "there is no value to write");
  const Format implied = !place.record.empty() ? Format::senml_json : !place.pointer.empty() ? Format::json : Format::text;
  const Format format = place.format.value_or(implied);
  Written written{content_format(format), {}};
  if (value.kind() == Value::Kind::bytes && format != Format::bytes && format != Format::cbor) {
    return Status(Fault::invalid, "bytes can be written as `format: bytes` or `cbor` only");
  }
  switch (format) {
    case Format::text: written.bytes = to_text(value); break;
    case Format::bytes:
      if (!value.is_text() && value.kind() != Value::Kind::bytes) return Status(Fault::invalid, "a number is no bytes");
      written.bytes = value.as_text();
      break;
    case Format::json:
    case Format::cbor: written.bytes = nested(place.pointer, value, format == Format::cbor); break;
    case Format::senml_json:
    case Format::senml_cbor: written.bytes = senml(place.record, value, format == Format::senml_cbor); break;
  }
  return written;
}

}  // namespace ferrule::coap

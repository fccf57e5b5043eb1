#include "drivers_common/extraction.h"

#include <charconv>

#include "drivers_common/extraction_formats.h"

namespace ferrule {

namespace {

PayloadFormat format_of(const Fields& payload) {
  const std::string word = payload.text("format");
  for (size_t i = 0; i < std::size(kPayloadFormatWords); ++i) {
    if (kPayloadFormatWords[i] == word) return static_cast<PayloadFormat>(i);
  }
  return PayloadFormat::text;
}

Result<std::unique_ptr<FieldFormat>> make_format(const Fields& payload) {
  const PayloadFormat format = format_of(payload);
  if (format != PayloadFormat::regex && payload.has("pattern")) return {Fault::invalid, "a pattern goes with format: regex"};
  switch (format) {
    case PayloadFormat::text: return make_text_format();
    case PayloadFormat::binary: return make_binary_format();
    case PayloadFormat::delimited:
      if (bytes_field(payload, "separator").empty()) return {Fault::invalid, "delimited needs a separator"};
      return make_delimited_format(bytes_field(payload, "separator"));
    case PayloadFormat::pairs:
      if (bytes_field(payload, "separator").empty() || bytes_field(payload, "assign").empty()) {
        return {Fault::invalid, "pairs need a separator and what stands between key and value"};
      }
      return make_pairs_format(bytes_field(payload, "separator"), bytes_field(payload, "assign"));
    case PayloadFormat::regex: return make_regex_format(payload.text("pattern"));
    case PayloadFormat::json:
    case PayloadFormat::cbor:
    case PayloadFormat::messagepack: return make_document_format(format);
    case PayloadFormat::nmea: return make_nmea_format(payload.boolean("checksum_required"));
  }
  return {Fault::invalid, "unknown format"};
}

}  // namespace

Place place_of(const Fields* payload, const Fields& tag) {
  Place place;
  place.at = tag.text("at");
  if (tag.has("type")) place.type = field_type(tag.text("type")).value_or(FieldType::automatic);
  const std::string order = tag.has("order") ? tag.text("order") : payload == nullptr ? "ABCD" : payload->text("order");
  place.order = byte_order(order).value_or(ByteOrder::abcd);
  place.length = static_cast<size_t>(tag.integer("length"));
  return place;
}

Result<Extraction> Extraction::compile(const Fields* payload, std::span<const Place> places) {
  const Fields none(kPayloadFieldTable);
  auto format = make_format(payload == nullptr ? none : *payload);
  if (!format) return format.status();
  for (const Place& place : places) {
    if (Status added = (*format)->add(place); !added.ok()) return added;
  }
  return Extraction(std::move(*format), payload == nullptr ? 0 : static_cast<size_t>(payload->integer("skip")));
}

void tell_text(size_t place, std::string_view letters, FieldType type, ExtractionSink& sink) {
  auto value = value_of_text(letters, type);
  // Nothing between two separators is how a device says that it does not know.
  if (!value || (value->is_text() && value->as_text().empty() && type != FieldType::text)) {
    return sink.wrong(place, letters.empty() ? "empty" : "not of its type");
  }
  sink.found(place, std::move(*value));
}

std::optional<size_t> place_number(std::string_view at, size_t least) {
  size_t number = 0;
  const auto [end, error] = std::from_chars(at.data(), at.data() + at.size(), number);
  if (error != std::errc() || end != at.data() + at.size() || number < least || number > 65535) return std::nullopt;
  return number;
}

}  // namespace ferrule

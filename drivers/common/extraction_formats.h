// The formats that Extraction knows, one file each.
#pragma once

#include <memory>

#include "drivers_common/extraction.h"

namespace ferrule {

std::unique_ptr<FieldFormat> make_text_format();
std::unique_ptr<FieldFormat> make_binary_format();
std::unique_ptr<FieldFormat> make_delimited_format(std::string separator);
std::unique_ptr<FieldFormat> make_pairs_format(std::string separator, std::string assign);
Result<std::unique_ptr<FieldFormat>> make_regex_format(const std::string& pattern);
std::unique_ptr<FieldFormat> make_document_format(PayloadFormat format);  // json, cbor, messagepack
std::unique_ptr<FieldFormat> make_nmea_format(bool checksum_required);

// Letters of a frame.
inline std::string_view letters_of(std::span<const uint8_t> frame) {
  return {reinterpret_cast<const char*>(frame.data()), frame.size()};
}

// Tells `sink` what these letters are.
void tell_text(size_t place, std::string_view letters, FieldType type, ExtractionSink& sink);

// A number from `least`, as a place writes it; nothing: it is none.
std::optional<size_t> place_number(std::string_view at, size_t least);

}  // namespace ferrule

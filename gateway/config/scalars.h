// One scalar, by the kind of its field. YAML's own ideas of what a plain word means (010 is eight, yes is true) never come in.
#pragma once

#include <optional>
#include <string_view>

#include "core/status.h"
#include "sdk/field_spec.h"
#include "sdk/fields.h"

namespace ferrule::config {

// Whole numbers, decimal or 0x hexadecimal, no leading zeros.
Result<int64_t> parse_integer(std::string_view text);
// Decimal numbers, finite.
Result<double> parse_number(std::string_view text);
// [A-Za-z][A-Za-z0-9_]*, at most 64 letters. The Status names one that would do.
Status check_name(std::string_view text);

// `in_quotes`: it was written in quotes, which makes a text of it. The Status says, with the field's name in front, what is
// wrong. Kinds text .. expression; a name may still hold {placeholders}.
Status parse_scalar(const FieldSpec& spec, std::string_view text, bool in_quotes, FieldValue& value);

// 'every': how a message names a field.
std::string field_name(const FieldSpec& spec);

// "0 to 247", "at least 1": the limits of the field as a user would write them; empty without limits.
std::string range_text(const FieldSpec& spec);

// "{unit_id}" at or after `from`: its place in the text and the word in it.
struct Placeholder {
  size_t at = 0, length = 0;
  std::string_view word;
};
std::optional<Placeholder> find_placeholder(std::string_view text, size_t from = 0);

}  // namespace ferrule::config

// What a field of a frame is read as, and how a text or number becomes that. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "core/value.h"

namespace ferrule {

enum class FieldType : uint8_t {
  boolean,
  int8,
  uint8,
  int16,
  uint16,
  int24,
  uint24,
  int32,
  uint32,
  int64,
  uint64,
  float32,
  float64,
  text,
  automatic,  // not written: a number where it reads as one (always float64, so that it does not change with its digits), else
              // text
};
inline constexpr std::string_view kFieldTypeWords[] = {"bool",  "int8",   "uint8", "int16",  "uint16",  "int24",   "uint24",
                                                       "int32", "uint32", "int64", "uint64", "float32", "float64", "string"};

std::optional<FieldType> field_type(std::string_view word);
std::string_view to_text(FieldType type);
bool is_integer(FieldType type);
bool is_signed(FieldType type);
size_t field_size(FieldType type);  // bytes in a binary layout; 0 for text and automatic

// Letters of a text protocol; blanks around them do not count. Nothing: they are not of this type, or beyond its range. Numbers
// are decimal, with a point; booleans also on, off, yes, no.
std::optional<Value> value_of_text(std::string_view letters, FieldType type);
// A value of a structured payload.
std::optional<Value> value_as(const Value& value, FieldType type);

std::string_view without_blanks(std::string_view letters);  // around them: spaces, tabs, CR, LF

}  // namespace ferrule

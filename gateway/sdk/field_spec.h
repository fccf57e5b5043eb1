// The table that describes what a user may write. One table feeds the parser, `ferrule check`, the JSON schema and the README, so
// that they cannot disagree. Drivers, plugins and the gateway's own sections all use it; tables are constexpr and live for ever.
#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <string_view>

#include "core/status.h"

namespace ferrule {

enum class FieldKind : uint8_t {
  text,        // any scalar, kept as written
  name,        // [A-Za-z][A-Za-z0-9_]*, at most 64 letters; `{unit_id}` and `{n}` are filled in where a range or count makes rows
  integer,     // decimal or 0x hexadecimal, within [least, most]
  number,      // decimal, within [least, most]
  boolean,     // true or false
  duration,    // 500ms, 1s, 15min; [least, most] in seconds
  size,        // 512MiB; [least, most] in bytes
  choice,      // one of `words`
  expression,  // the rule language, checked by the rules module
  secret,      // `!secret name`, never a plain value
  texts,       // a list of scalars; a single scalar stands for a list of one
  pairs,       // a map of scalar to scalar: { 0: running, 3: fault }
  object,      // a map described by `fields`
  objects,     // a list of maps described by `fields`
};

struct FieldSpec {
  std::string_view name;
  FieldKind kind = FieldKind::text;
  std::string_view help;          // one sentence, for the README and the schema
  std::string_view example = {};  // as a user writes it
  std::string_view initial = {};  // the default, as a user would write it; empty: none
  std::string_view unit = {};     // of a bare number: "registers", "bytes"
  double least = -std::numeric_limits<double>::infinity();
  double most = std::numeric_limits<double>::infinity();
  bool required = false;
  std::span<const std::string_view> words = {};
  std::span<const FieldSpec> fields = {};
  // A further check of the text as written, e.g. an address syntax; its Status says what to write instead. May be null.
  Status (*check)(std::string_view text) = nullptr;
};

}  // namespace ferrule

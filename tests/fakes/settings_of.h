// Settings for tests, written as a user writes them, but without YAML: name and value pairs against a field table.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "sdk/fields.h"

namespace ferrule {

using Setting = std::pair<std::string_view, FieldValue>;

inline Fields settings_of(std::span<const FieldSpec> table, const std::vector<Setting>& settings) {
  Fields fields(table, Mark{1, 1, 0});
  for (const auto& [name, value] : settings) fields.set(name, value, Mark{1, 1, 0});
  return fields;
}

inline FieldValue text(std::string_view words) { return FieldValue(std::string(words)); }
inline FieldValue whole(int64_t number) { return FieldValue(number); }
inline FieldValue object(Fields fields) { return FieldValue(std::vector<Fields>{std::move(fields)}); }

}  // namespace ferrule

#include "host/tag_class.h"

namespace ferrule {

namespace {

bool has_field(const Fields& fields, std::string_view name) {
  for (const FieldSpec& spec : fields.table()) {
    if (spec.name == name) return true;
  }
  return false;
}

}  // namespace

// By the drivers' common convention that a tag's `type` names its kind.
ValueClass class_of(const TagSettings& tag) {
  if (!tag.labels.empty()) return ValueClass::text;
  if (!has_field(tag.fields, "type") || !tag.fields.has("type")) return ValueClass::unknown;
  const std::string type = tag.fields.text("type");
  if (type == "bool") return ValueClass::boolean;
  if (type == "string") return ValueClass::text;
  return ValueClass::number;
}

}  // namespace ferrule

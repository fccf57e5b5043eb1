#include "config/config.h"
#include "config/scalars.h"

namespace ferrule::config {

namespace {

// A bar would end the cell.
std::string cell(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '|') out += '\\';
    out += c == '\n' ? ' ' : c;
  }
  return out;
}

std::string code(std::string_view text) { return text.empty() ? "" : "`" + cell(text) + "`"; }

std::string words_of(const FieldSpec& spec) {
  std::string list;
  for (const std::string_view word : spec.words) list += (list.empty() ? "" : ", ") + code(word);
  return list;
}

std::string kind_text(const FieldSpec& spec) {
  switch (spec.kind) {
    case FieldKind::text: return "text";
    case FieldKind::name: return "name";
    case FieldKind::integer: return "whole number";
    case FieldKind::number: return "number";
    case FieldKind::boolean: return "`true` or `false`";
    case FieldKind::duration: return "duration";
    case FieldKind::size: return "size";
    case FieldKind::choice: return "one of " + words_of(spec);
    case FieldKind::expression: return "expression";
    case FieldKind::secret: return "secret";
    case FieldKind::texts: return "list";
    case FieldKind::pairs: return "map";
    case FieldKind::object: return "map";
    case FieldKind::objects: return "list of maps";
  }
  return {};
}

void append_rows(std::string& out, const std::string& prefix, std::span<const FieldSpec> fields) {
  for (const FieldSpec& spec : fields) {
    const std::string name = prefix + std::string(spec.name);
    const std::string range = range_text(spec);
    std::string kind = kind_text(spec);
    if (!spec.unit.empty()) kind.append(" (").append(spec.unit).append(")");
    if (!range.empty()) kind.append(", ").append(range);
    const std::string initial = spec.required ? "required" : code(spec.initial);
    out.append("| ")
        .append(code(name))
        .append(" | ")
        .append(kind)
        .append(" | ")
        .append(initial)
        .append(" | ")
        .append(cell(spec.help));
    if (!spec.example.empty()) out.append(" Example: ").append(code(spec.example));
    out += " |\n";
    append_rows(out, name + (spec.kind == FieldKind::objects ? "[]." : "."), spec.fields);
  }
}

}  // namespace

}  // namespace ferrule::config

namespace ferrule {

std::string field_table(std::span<const FieldSpec> fields) {
  std::string out = "| Field | Kind | Default | What it says |\n|---|---|---|---|\n";
  config::append_rows(out, "", fields);
  return out;
}

}  // namespace ferrule

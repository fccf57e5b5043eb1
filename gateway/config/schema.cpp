// The JSON Schema (2020-12) of a configuration file, for editors. It is more lenient than load() where a schema cannot say it:
// what a profile may supply is not required.
#include <array>
#include <charconv>
#include <cmath>
#include <functional>
#include <span>

#include "config/config.h"
#include "config/scalars.h"
#include "config/tables.h"
#include "core/json_text.h"

namespace ferrule::config {

namespace {

constexpr std::string_view kDurationPattern = "^[0-9]+(\\.[0-9]+)?(us|ms|s|min|h|d)$";
constexpr std::string_view kSizePattern = "^[0-9]+(\\.[0-9]+)?(B|kB|MB|GB|KiB|MiB|GiB)$";
constexpr std::string_view kNamePattern = "^[A-Za-z{][A-Za-z0-9_{}]*$";
constexpr std::string_view kAnyScalar = R"(["string","number","boolean"])";

// Writes the schema of a field that the tables leave to the loader; false: this is not one of them.
using Special = std::function<bool(std::string& out, const FieldSpec& spec)>;

using Tables = std::span<const std::span<const FieldSpec>>;

void write_object(std::string& out, Tables tables, Tables required, const Special& special);

void write_bounds(json::Object& object, const FieldSpec& spec) {
  if (std::isfinite(spec.least)) object.number("minimum", spec.least);
  if (std::isfinite(spec.most)) object.number("maximum", spec.most);
}

void write_choice(std::string& out, json::Object& object, const FieldSpec& spec) {
  object.key("enum");
  json::Array words(out);
  for (const std::string_view word : spec.words) {
    words.next();
    json::append_quoted(out, word);
    if (!parse_number(word)) continue;  // YAML takes a plain 5 for a number
    words.next();
    out += word;
  }
  words.close();
}

void write_default(std::string& out, json::Object& object, const FieldSpec& spec) {
  if (spec.initial.empty()) return;
  object.key("default");
  const bool plain = spec.kind == FieldKind::integer || spec.kind == FieldKind::number || spec.kind == FieldKind::boolean;
  if (plain && !spec.initial.starts_with("0x")) {
    out += spec.initial;
  } else {
    json::append_quoted(out, spec.initial);
  }
}

void write_scalar_type(std::string& out, json::Object& object, const FieldSpec& spec) {
  switch (spec.kind) {
    case FieldKind::integer: object.text("type", "integer"), write_bounds(object, spec); break;
    case FieldKind::number: object.text("type", "number"), write_bounds(object, spec); break;
    case FieldKind::boolean: object.text("type", "boolean"); break;
    case FieldKind::name: object.text("type", "string"), object.text("pattern", kNamePattern); break;
    case FieldKind::duration: object.text("type", "string"), object.text("pattern", kDurationPattern); break;
    case FieldKind::size: object.text("type", "string"), object.text("pattern", kSizePattern); break;
    case FieldKind::choice: write_choice(out, object, spec); break;
    case FieldKind::secret: object.text("type", "string"); break;
    default: object.key("type"), out += kAnyScalar; break;
  }
}

void write_value(std::string& out, const FieldSpec& spec) {
  json::Object object(out);
  if (!spec.help.empty()) object.text("description", spec.help);
  switch (spec.kind) {
    case FieldKind::texts:
      object.key("type"), out += R"(["array","string","number","boolean"])";
      object.key("items"), out += "{\"type\":" + std::string(kAnyScalar) + "}";
      break;
    case FieldKind::pairs:
      object.text("type", "object");
      object.key("additionalProperties"), out += "{\"type\":" + std::string(kAnyScalar) + "}";
      break;
    case FieldKind::object: {
      const std::array<std::span<const FieldSpec>, 1> tables{spec.fields};
      object.key("anyOf"), out += "[{\"type\":\"null\"},";
      write_object(out, tables, tables, {});
      out += ']';
      break;
    }
    case FieldKind::objects: {
      const std::array<std::span<const FieldSpec>, 1> tables{spec.fields};
      object.key("type"), out += R"(["array","null"])";
      object.key("items"), write_object(out, tables, tables, {});
      break;
    }
    default: write_scalar_type(out, object, spec), write_default(out, object, spec); break;
  }
  object.close();
}

void write_required(std::string& out, json::Object& object, Tables required) {
  std::string list;
  for (const auto table : required) {
    for (const FieldSpec& spec : table) {
      if (!spec.required) continue;
      list += list.empty() ? "[" : ",";
      json::append_quoted(list, spec.name);
    }
  }
  if (list.empty()) return;
  object.key("required");
  out += list + "]";
}

void write_object(std::string& out, Tables tables, Tables required, const Special& special) {
  json::Object object(out);
  object.text("type", "object");
  object.key("properties");
  json::Object properties(out);
  for (const auto table : tables) {
    for (const FieldSpec& spec : table) {
      properties.key(spec.name);
      if (!special || !special(out, spec)) write_value(out, spec);
    }
  }
  properties.close();
  write_required(out, object, required);
  object.key("additionalProperties"), out += "false";
  object.close();
}

void write_list(std::string& out, const FieldSpec& spec, const std::function<void()>& item) {
  json::Object object(out);
  object.text("description", spec.help);
  object.key("type"), out += R"(["array","null"])";
  object.key("items"), item();
  object.close();
}

void write_any_of(std::string& out, const FieldSpec& spec, std::span<const std::function<void()>> schemas) {
  json::Object object(out);
  object.text("description", spec.help);
  object.key("anyOf");
  json::Array list(out);
  for (const auto& schema : schemas) list.next(), schema();
  list.close();
  object.close();
}

void write_one_table(std::string& out, std::span<const FieldSpec> table) {
  const std::array<std::span<const FieldSpec>, 1> tables{table};
  write_object(out, tables, tables, {});
}

bool write_tag_field(std::string& out, const FieldSpec& spec) {
  if (spec.name != "write" || spec.kind != FieldKind::object) return false;
  const std::array<std::function<void()>, 3> schemas{[&] { out += R"({"type":"boolean"})"; },
                                                     [&] { out += R"({"type":"null"})"; },
                                                     [&] { write_one_table(out, tables::kRange); }};
  write_any_of(out, spec, schemas);
  return true;
}

// `unit_id: 1-8` makes a row of devices.
bool write_range_field(std::string& out, const FieldSpec& spec) {
  if (spec.kind != FieldKind::integer) return false;
  const std::array<std::function<void()>, 2> schemas{[&] { write_value(out, spec); },
                                                     [&] { out += R"({"type":"string","pattern":"^[0-9]+-[0-9]+$"})"; }};
  write_any_of(out, spec, schemas);
  return true;
}

void write_tag(std::string& out, const DriverType& type) {
  const std::array<std::span<const FieldSpec>, 2> tables{tables::kTag, type.tag_fields};
  write_object(out, tables, {tables.data(), 1}, write_tag_field);
}

void write_device(std::string& out, const DriverType& type) {
  const std::array<std::span<const FieldSpec>, 2> tables{tables::kDevice, type.device_fields};
  write_object(out, tables, {tables.data(), 1}, [&type](std::string& to, const FieldSpec& spec) {
    if (spec.name != "tags") return write_range_field(to, spec);
    write_list(to, spec, [&] { write_tag(to, type); });
    return true;
  });
}

void write_channel(std::string& out, const DriverType& type) {
  const std::array<std::span<const FieldSpec>, 2> tables{tables::kChannel, type.channel_fields};
  write_object(out, tables, tables, [&type](std::string& to, const FieldSpec& spec) {
    if (spec.name == "driver") {
      json::Object object(to);
      object.text("description", type.help);
      object.text("const", type.name);
      object.close();
      return true;
    }
    if (spec.name != "devices") return false;
    write_list(to, spec, [&] { write_device(to, type); });
    return true;
  });
}

void write_payload(std::string& out, const FieldSpec& spec, const Catalogue& catalogue) {
  std::vector<std::function<void()>> schemas;
  for (const EncoderType* type : catalogue.encoders) {
    schemas.emplace_back([&out, type] {
      json::Object object(out);
      object.text("const", type->name);
      object.close();
    });
    schemas.emplace_back([&out, type] {
      const std::array<std::span<const FieldSpec>, 2> tables{tables::kPayload, type->fields};
      write_object(out, tables, tables, [type](std::string& to, const FieldSpec& field) {
        if (field.name != "type") return false;
        to += "{\"const\":";
        json::append_quoted(to, type->name);
        to += '}';
        return true;
      });
    });
  }
  write_any_of(out, spec, schemas);
}

void write_uplink(std::string& out, const Catalogue& catalogue) {
  const std::array<std::span<const FieldSpec>, 1> tables{tables::kUplink};
  write_object(out, tables, tables, [&catalogue](std::string& to, const FieldSpec& spec) {
    if (spec.name == "payload") {
      write_payload(to, spec, catalogue);
      return true;
    }
    if (spec.name != "publish") return false;
    const std::array<std::function<void()>, 2> schemas{[&] { to += R"({"const":"each_poll"})"; },
                                                       [&] { write_one_table(to, tables::kPublish); }};
    write_any_of(to, spec, schemas);
    return true;
  });
}

void write_channels(std::string& out, const Catalogue& catalogue) {
  out += "{\"anyOf\":[";
  for (const DriverType* type : catalogue.drivers) {
    if (type != catalogue.drivers.front()) out += ',';
    write_channel(out, *type);
  }
  out += "]}";
}

void write_section(std::string& out, std::span<const FieldSpec> table) {
  out += "{\"anyOf\":[{\"type\":\"null\"},";
  write_one_table(out, table);
  out += "]}";
}

bool write_root_field(std::string& out, const FieldSpec& spec, const Catalogue& catalogue) {
  if (spec.name == "channels") write_list(out, spec, [&] { write_channels(out, catalogue); });
  if (spec.name == "rules") write_list(out, spec, [&] { write_one_table(out, tables::kRule); });
  if (spec.name == "uplinks") write_list(out, spec, [&] { write_uplink(out, catalogue); });
  if (spec.name == "gateway") write_section(out, tables::kGateway);
  if (spec.name == "outbox") write_section(out, tables::kOutbox);
  if (spec.name == "rest") write_section(out, tables::kRest);
  if (spec.name == "log") write_section(out, tables::kLog);
  return true;
}

}  // namespace

}  // namespace ferrule::config

namespace ferrule {

std::string json_schema(const Catalogue& catalogue) {
  const std::array<std::span<const FieldSpec>, 1> tables{config::tables::kRoot};
  std::string root;
  config::write_object(root, tables, tables, [&catalogue](std::string& out, const FieldSpec& spec) {
    return config::write_root_field(out, spec, catalogue);
  });
  return "{\"$schema\":\"https://json-schema.org/draft/2020-12/schema\",\"title\":\"ferrule configuration\"," + root.substr(1);
}

}  // namespace ferrule

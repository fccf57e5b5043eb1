#include "config/decoder.h"

#include <vector>

#include "config/scalars.h"
#include "core/nearest.h"

namespace ferrule::config {

namespace {

constexpr size_t kMostKeysListed = 12;

std::string kind_text(const Node& node) {
  switch (node.kind()) {
    case NodeKind::null: return "nothing";
    case NodeKind::scalar: return cited(node.text());
    case NodeKind::list: return "a list";
    case NodeKind::map: return "a map";
  }
  return {};
}

std::string such_as(const FieldSpec& spec) {
  return spec.example.empty() ? "" : " such as `" + std::string(spec.name) + ": " + std::string(spec.example) + "`";
}

bool left_to_caller(const FieldSpec& spec) {
  return (spec.kind == FieldKind::object || spec.kind == FieldKind::objects) && spec.fields.empty();
}

void complain_unknown(const Node& key, std::span<const Target> targets, Report& report) {
  if (key.text() == "<<") return;  // the parser has said what is wrong with that
  std::vector<std::string_view> known;
  for (const Target& target : targets) {
    for (const FieldSpec& spec : target.table) known.push_back(spec.name);
  }
  std::string what = "unknown key " + cited(key.text());
  if (const std::string guess = did_you_mean(key.text(), known); !guess.empty()) {
    what += guess;
  } else if (known.size() <= kMostKeysListed) {
    what += "; known here:";
    for (const std::string_view word : known) what += (word == known.front() ? " " : ", ") + std::string(word);
  } else {
    what += ": remove it";
  }
  report.add(key.mark(), std::move(what));
}

class ValueDecoder {
 public:
  ValueDecoder(const FieldSpec& spec, Report& report) : spec_(spec), report_(report) {}

  // False: reported.
  bool decode(const Node& node, FieldValue& value) {
    switch (spec_.kind) {
      case FieldKind::secret: return secret(node, value);
      case FieldKind::texts: return texts(node, value);
      case FieldKind::pairs: return pairs(node, value);
      case FieldKind::object: return object(node, value);
      case FieldKind::objects: return objects(node, value);
      default: return scalar(node, value);
    }
  }

 private:
  bool complain(const Node& at, const std::string& what) {
    report_.add(at.mark(), field_name(spec_) + what);
    return false;
  }

  bool plain_scalar(const Node& node, std::string_view expected) {
    if (node.is_null()) return complain(node, " has no value: write one" + such_as(spec_) + " or remove the key");
    if (!node.is_scalar())
      return complain(node, " must be " + std::string(expected) + such_as(spec_) + ", not " + kind_text(node));
    if (node.secret()) return complain(node, " cannot be a secret: write its value");
    return true;
  }

  bool scalar(const Node& node, FieldValue& value) {
    if (!plain_scalar(node, "a single value")) return false;
    if (const Status status = parse_scalar(spec_, node.text(), node.quoted(), value); !status) {
      report_.add(node.mark(), status.what());
      return false;
    }
    return further_check(node);
  }

  bool further_check(const Node& node) {
    if (spec_.check == nullptr) return true;
    const Status status = spec_.check(node.text());
    return status.ok() || complain(node, ": " + status.what());
  }

  bool secret(const Node& node, FieldValue& value) {
    if (!node.is_scalar() || !node.secret()) {
      return complain(node, " never stands in this file: write `" + std::string(spec_.name) +
                                ": !secret NAME`, and put it into a file NAME in the directory of secrets");
    }
    if (!further_check(node)) return false;
    value = std::string(node.text());
    return true;
  }

  bool texts(const Node& node, FieldValue& value) {
    Texts list;
    if (node.is_scalar()) {
      if (!plain_scalar(node, "") || !further_check(node)) return false;
      list.emplace_back(node.text());
    } else if (node.is_map()) {
      return complain(node, " must be a list" + such_as(spec_) + ", not a map");
    }
    for (const Node item : node.items()) {
      if (!plain_scalar(item, "a list of single values") || !further_check(item)) return false;
      list.emplace_back(item.text());
    }
    value = std::move(list);
    return true;
  }

  bool pairs(const Node& node, FieldValue& value) {
    if (!node.is_map() && !node.is_null()) return complain(node, " must be a map" + such_as(spec_) + ", not " + kind_text(node));
    Pairs list;
    list.reserve(node.size());
    for (const MapEntry entry : node.entries()) {
      if (!plain_scalar(entry.value, "a map of single values")) return false;
      list.emplace_back(entry.key.text(), entry.value.text());
    }
    value = std::move(list);
    return true;
  }

  bool object(const Node& node, FieldValue& value) {
    if (!node.is_map() && !node.is_null()) return complain(node, " must be a map" + such_as(spec_) + ", not " + kind_text(node));
    std::vector<Fields> one;
    one.push_back(fields_of(node));
    value = std::move(one);
    return true;
  }

  bool objects(const Node& node, FieldValue& value) {
    if (!expect_list(node, spec_.name, report_)) return false;
    std::vector<Fields> list;
    list.reserve(node.size());
    for (const Node item : node.items()) {
      if (report_.full()) return false;
      list.push_back(fields_of(item));
    }
    value = std::move(list);
    return true;
  }

  Fields fields_of(const Node& map) {
    Fields fields(spec_.fields, map.mark());
    const Target target{spec_.fields, &fields};
    const std::string what = field_name(spec_);
    decode_map(map, what, {&target, 1}, report_);
    if (map.is_map() || map.is_null()) require({&map, 1}, what, {&target, 1}, map.mark(), report_);
    return fields;
  }

  const FieldSpec& spec_;
  Report& report_;
};

// True: the value is a range, or should be one, and has been dealt with.
bool decode_range(const Node& node, const FieldSpec& spec, Fields& fields, RangeField& range, Report& report) {
  const std::string_view text = node.text();
  const size_t dash = text.find('-', 1);
  if (spec.kind != FieldKind::integer || dash == std::string_view::npos) return false;
  if (!parse_integer(text.substr(0, dash)) || !parse_integer(text.substr(dash + 1))) return false;
  if (range.name != spec.name) {
    const std::string name = "{" + std::string(spec.name) + "}";
    report.add(node.mark(), field_name(spec) + " is a range: for a row of devices put " + name +
                                " into the name, such as 'meter_" + name + "'");
    return true;
  }
  FieldValue from;
  FieldValue to;
  Status status = parse_scalar(spec, text.substr(0, dash), false, from);
  if (status.ok()) status = parse_scalar(spec, text.substr(dash + 1), false, to);
  if (!status) {
    report.add(node.mark(), status.what());
    return true;
  }
  range.from = std::get<int64_t>(from);
  range.to = std::get<int64_t>(to);
  range.mark = node.mark();
  if (range.from > range.to) {
    report.add(node.mark(), field_name(spec) + " counts down: write the smaller number first");
    return true;
  }
  range.found = true;
  fields.set(spec.name, range.from, node.mark());
  return true;
}

void decode_entry(const MapEntry& entry, std::span<const Target> targets, Report& report, RangeField* range) {
  for (const Target& target : targets) {
    for (const FieldSpec& spec : target.table) {
      if (spec.name != entry.key.text()) continue;
      if (left_to_caller(spec)) return;
      if (range != nullptr && range->name == spec.name) range->found = false;  // a device's own value replaces its profile's
      if (range != nullptr && decode_range(entry.value, spec, *target.fields, *range, report)) return;
      FieldValue value;
      const Mark mark = entry.value.mark();
      if (ValueDecoder(spec, report).decode(entry.value, value)) target.fields->set(spec.name, std::move(value), mark);
      return;
    }
  }
  complain_unknown(entry.key, targets, report);
}

}  // namespace

void decode_map(Node map, std::string_view what, std::span<const Target> targets, Report& report, RangeField* range) {
  if (!map.is_map() && !map.is_null()) {
    report.add(map.mark(), std::string(what) + " must be a map of `key: value`, not " + kind_text(map));
    return;
  }
  for (const MapEntry entry : map.entries()) {
    if (report.full()) return;
    decode_entry(entry, targets, report, range);
  }
}

void require(std::span<const Node> maps, std::string_view what, std::span<const Target> targets, Mark mark, Report& report) {
  for (const Target& target : targets) {
    for (const FieldSpec& spec : target.table) {
      if (!spec.required || target.fields->has(spec.name)) continue;
      bool written = false;  // and wrong, which has been reported
      for (const Node& map : maps) written = written || map.find(spec.name);
      if (!written)
        report.add(mark, std::string(what) + " needs " + field_name(spec) + (spec.example.empty() ? "" : ",") + such_as(spec));
    }
  }
}

bool expect_list(Node list, std::string_view key, Report& report) {
  if (list.is_list() || list.is_null()) return true;
  report.add(list.mark(), "'" + std::string(key) + "' must be a list: begin each entry with '- '; this is " + kind_text(list));
  return false;
}

}  // namespace ferrule::config

#include "config/tags.h"

#include <array>

#include "config/decoder.h"
#include "config/formats.h"
#include "config/scalars.h"
#include "config/tables.h"

namespace ferrule::config {

namespace {

struct TagLayers {
  Node profile, own;
};

class TagBuilder {
 public:
  TagBuilder(const TagParent& parent, LoadContext& context, std::vector<TagSettings>& tags)
      : parent_(parent), context_(context), tags_(tags) {}

  void build(const TagLayers& layers) {
    const Node& top = layers.own ? layers.own : layers.profile;
    Fields common(tables::kTag, top.mark());
    Fields driver(parent_.type.tag_fields, top.mark());
    const std::array<Target, 2> targets{{{tables::kTag, &common}, {parent_.type.tag_fields, &driver}}};
    const std::array<Node, 2> maps{layers.profile, layers.own};
    const size_t complaints = context_.report.count();
    for (const Node& map : maps) {
      if (map) decode_map(map, "a tag", targets, context_.report);
    }
    if (top.is_map() || top.is_null()) require(maps, "a tag", targets, top.mark(), context_.report);
    TagSettings tag;
    tag.mark = top.mark();
    read_values(common, tag);
    read_write(layers, tag);
    read_bits_and_labels(common, tag);
    tag.fields = std::move(driver);
    if (context_.report.count() != complaints || !common.boolean("enabled")) return;
    if (common.has("count")) return add_row(common, tag);
    add(common, std::move(tag), common.text("name"), "");
  }

 private:
  void read_values(const Fields& common, TagSettings& tag) {
    tag.every = common.has("every") ? common.duration("every") : parent_.every;
    tag.at_least = common.duration("at_least");
    tag.stale_after = common.duration("stale_after");
    tag.scale = common.number("scale");
    tag.offset = common.number("offset");
    if (tag.scale == 0) context_.report.add(common.mark("scale"), "'scale' is 0, which makes every value the same: remove it");
    if (common.has("deadband")) {
      if (const auto band = parse_deadband(common.text("deadband"))) {
        tag.deadband = band->absolute;
        tag.deadband_percent = band->percent;
      }
    }
    if (common.has("at_least") && !common.has("deadband")) {
      context_.warn(common.mark("at_least"), "'at_least' does nothing without a deadband: each read is forwarded");
    }
    if (tag.stale_after.count() != 0 && tag.stale_after <= tag.every) {
      context_.warn(common.mark("stale_after"), "'stale_after' is not longer than `every`: the tag will be stale between reads");
    }
    if (const Fields* valid = common.object("valid")) tag.valid = range("valid", *valid);
    tag.units = common.text("units");
    for (const std::string& text : common.texts("invalid")) {
      if (const auto number = parse_integer(text)) tag.invalid.push_back(*number);
    }
    tag.invalid.shrink_to_fit();
  }

  Range range(std::string_view key, const Fields& fields) {
    Range range;
    if (fields.has("min")) range.min = fields.number("min");
    if (fields.has("max")) range.max = fields.number("max");
    if (range.min > range.max) {
      context_.report.add(fields.mark("min"), "the 'min' of '" + std::string(key) + "' is above its 'max': swap them");
    }
    return range;
  }

  void read_write(const TagLayers& layers, TagSettings& tag) {
    Node write = layers.own.find("write");
    if (!write) write = layers.profile.find("write");
    if (!write) return;
    if (write.is_scalar() && (write.text() == "true" || write.text() == "false") && !write.quoted()) {
      tag.writable = write.text() == "true";
      return;
    }
    if (!write.is_map() && !write.is_null()) {
      context_.report.add(write.mark(), "'write' must be a range such as { min: 20, max: 90 }, or true for no limits");
      return;
    }
    Fields fields(tables::kRange, write.mark());
    const Target target{tables::kRange, &fields};
    decode_map(write, "'write'", {&target, 1}, context_.report);
    tag.writable = true;
    tag.write = range("write", fields);
  }

  void read_bits_and_labels(const Fields& common, TagSettings& tag) {
    for (const auto& [key, name] : common.pairs("bits")) {
      const auto bit = parse_integer(key);
      if (!bit || *bit < 0 || *bit > 63) {
        context_.report.add(common.mark("bits"),
                            "'bits': " + cited(key) + " is no bit: they are counted from 0, the least, to 63");
      }
      const FieldSpec spec{.name = "bits", .kind = FieldKind::name};
      FieldValue checked;
      const Status status = parse_scalar(spec, name, false, checked);
      if (!status) context_.report.add(common.mark("bits"), status.what());
    }
    for (const auto& [key, label] : common.pairs("enum")) {
      const auto number = parse_integer(key);
      if (!number) {
        context_.report.add(common.mark("enum"), "'enum': " + cited(key) + " is no whole number: write { NUMBER: text }");
        continue;
      }
      for (const EnumLabel& known : tag.labels) {
        if (known.number != *number && known.label != label) continue;
        context_.report.add(common.mark("enum"), "'enum': " + cited(known.label) + " and " + cited(label) +
                                                     " share a number or a text: each stands for one");
      }
      tag.labels.push_back({*number, label});
    }
    tag.labels.shrink_to_fit();
  }

  void add_row(const Fields& common, const TagSettings& first) {
    const std::string name = common.text("name");
    const int64_t count = common.integer("count");
    const Mark mark = common.mark("count");
    if (parent_.type.nth == nullptr) {
      context_.report.add(mark,
                          "the driver '" + std::string(parent_.type.name) + "' cannot make rows: write the tags one by one");
      return;
    }
    if (name.find("{n}") == std::string::npos) {
      context_.report.add(common.mark("name"), "the tags of a row need a name each: put {n} into it, such as '" + name + "_{n}'");
      return;
    }
    if (context_.tags + static_cast<size_t>(count) <= kMostTags) tags_.reserve(tags_.size() + static_cast<size_t>(count));
    for (int64_t n = 0; n < count; ++n) {
      TagSettings tag = first;
      if (const Status status = parent_.type.nth(tag.fields, n); !status) {
        context_.report.add(mark, "the tag number " + std::to_string(n + 1) + " of the row: " + status.what());
        return;
      }
      const std::string number = std::to_string(n + 1);
      if (!add(common, std::move(tag), fill_in(name, "n", number), number)) return;
    }
  }

  // `number`: in the row; empty: it is none. False: reported.
  bool add(const Fields& common, TagSettings tag, std::string_view name, std::string_view number) {
    const Mark mark = common.mark("name");
    if (!checked_name(name, mark)) return false;
    tag.id = context_.claim_tag(parent_.device, name, mark);
    if (tag.id == TagId::none) return false;
    for (const auto& [key, bit_name] : common.pairs("bits")) {
      const std::string filled = number.empty() ? bit_name : fill_in(bit_name, "n", number);
      if (!checked_name(filled, common.mark("bits"))) return false;
      const TagId id = context_.claim_tag(parent_.device, filled, common.mark("bits"));
      if (id == TagId::none) return false;
      tag.bits.push_back({static_cast<uint8_t>(*parse_integer(key)), id});
    }
    tags_.push_back(std::move(tag));
    return true;
  }

  bool checked_name(std::string_view name, Mark mark) {
    if (const auto placeholder = find_placeholder(name)) {
      const bool n = placeholder->word == "n";
      context_.report.add(mark, n ? "'{n}' is the number in a row: add `count`, or write a name without it"
                                  : "unknown '{" + std::string(placeholder->word) + "}' in the name of a tag: only {n} is known");
      return false;
    }
    const Status status = check_name(name);
    if (!status) context_.report.add(mark, "'name': " + status.what());
    return status.ok();
  }

  const TagParent& parent_;
  LoadContext& context_;
  std::vector<TagSettings>& tags_;
};

std::vector<TagLayers> merge(const Node& profile, const Node& own) {
  std::vector<TagLayers> merged;
  std::unordered_map<std::string_view, size_t> by_name;
  for (const Node tag : profile.items()) {
    by_name.emplace(tag.find("name").text(), merged.size());
    merged.push_back({tag, {}});
  }
  for (const Node tag : own.items()) {
    const auto known = by_name.find(tag.find("name").text());
    if (known != by_name.end() && !merged[known->second].own) {
      merged[known->second].own = tag;
    } else {
      merged.push_back({{}, tag});
    }
  }
  return merged;
}

}  // namespace

std::vector<TagSettings> build_tags(Node profile, Node own, const TagParent& parent, LoadContext& context) {
  std::vector<TagSettings> tags;
  if (profile && !expect_list(profile, "tags", context.report)) return tags;
  if (own && !expect_list(own, "tags", context.report)) return tags;
  tags.reserve(profile.size() + own.size());
  TagBuilder builder(parent, context, tags);
  if (profile) {
    for (const TagLayers& layers : merge(profile, own)) {
      if (!context.report.full()) builder.build(layers);
    }
    return tags;
  }
  for (const Node tag : own.items()) {
    if (context.report.full()) break;
    builder.build({{}, tag});
  }
  return tags;
}

bool give_to_device(std::vector<TagSettings>& tags, DeviceId device, LoadContext& context) {
  for (TagSettings& tag : tags) {
    tag.id = context.claim_tag(device, context.names.name(tag.id), tag.mark);
    if (tag.id == TagId::none) return false;
    for (BitTag& bit : tag.bits) {
      bit.tag = context.claim_tag(device, context.names.name(bit.tag), tag.mark);
      if (bit.tag == TagId::none) return false;
    }
  }
  return true;
}

std::string fill_in(std::string_view text, std::string_view word, std::string_view value) {
  std::string filled;
  size_t at = 0;
  while (const auto placeholder = find_placeholder(text, at)) {
    filled += text.substr(at, placeholder->at - at);
    filled += placeholder->word == word ? value : text.substr(placeholder->at, placeholder->length);
    at = placeholder->at + placeholder->length;
  }
  filled += text.substr(at);
  return filled;
}

}  // namespace ferrule::config

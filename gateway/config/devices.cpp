#include <algorithm>
#include <array>

#include "config/channels.h"
#include "config/decoder.h"
#include "config/formats.h"
#include "config/scalars.h"
#include "config/tables.h"
#include "config/tags.h"
#include "core/nearest.h"

namespace ferrule::config {

namespace {

constexpr int64_t kMostDevicesOfARow = 10'000;

const FieldSpec* integer_field(const DriverType& type, std::string_view name) {
  for (const FieldSpec& spec : type.device_fields) {
    if (spec.name == name && spec.kind == FieldKind::integer) return &spec;
  }
  return nullptr;
}

class DeviceBuilder {
 public:
  DeviceBuilder(const DriverType& type, ChannelSettings& channel, LoadContext& context)
      : type_(type), channel_(channel), context_(context) {}

  void build(const Node& node) {
    Report& report = context_.report;
    const size_t complaints = report.count();
    Fields common(tables::kDevice, node.mark());
    Fields profile(tables::kProfile, node.mark());
    Fields driver(type_.device_fields, node.mark());
    RangeField range;
    if (!placeholder_field(node.find("name"), range)) return;
    const Node below = profile_of(node);
    const std::array<Target, 2> profile_targets{{{tables::kProfile, &profile}, {type_.device_fields, &driver}}};
    const std::array<Target, 2> targets{{{tables::kDevice, &common}, {type_.device_fields, &driver}}};
    if (below) {
      decode_map(below, "a profile", profile_targets, report, &range);
      require({&below, 1}, "a profile", {profile_targets.data(), 1}, below.mark(), report);
      check_profile_driver(profile);
    }
    decode_map(node, "a device", targets, report, &range);
    const std::array<Node, 2> maps{below, node};
    if (node.is_map() || node.is_null()) require(maps, "a device", targets, node.mark(), report);
    const bool sound = report.count() == complaints;
    const Fields& every = common.has("every") ? common : profile;
    Row row{node, below, std::move(driver), common.text("name"), common.mark("name"), every.duration("every")};
    if (!common.boolean("enabled")) {
      return check_apart(row);
    }
    if (sound && range.found) return add_row(row, range);
    add(row, sound);
  }

 private:
  struct Row {
    Node own, profile;
    Fields fields;
    std::string name;
    Mark mark;
    Duration every;
  };

  // The field whose range makes a row of devices. False: the name has a word in braces that is none, which has been reported.
  bool placeholder_field(const Node& name, RangeField& range) {
    size_t at = 0;
    while (const auto placeholder = find_placeholder(name.text(), at)) {
      const FieldSpec* spec = integer_field(type_, placeholder->word);
      if (spec == nullptr) {
        std::vector<std::string_view> known;
        std::string list;
        for (const FieldSpec& field : type_.device_fields) {
          if (field.kind != FieldKind::integer) continue;
          known.push_back(field.name);
          list += (list.empty() ? "{" : ", {") + std::string(field.name) + "}";
        }
        const std::string guess = did_you_mean(placeholder->word, known);
        context_.report.add(name.mark(), "unknown '{" + std::string(placeholder->word) + "}' in the name of a device" +
                                             (guess.empty() ? "; known are " + list : guess));
        return false;
      }
      range.name = spec->name;
      at = placeholder->at + placeholder->length;
    }
    return true;
  }

  Node profile_of(const Node& node) {
    const Node name = node.find("profile");
    if (!name.is_scalar() || !check_profile_name(name.text())) return {};  // reported when it is decoded
    const Document* document = context_.sources.profile(name.text(), context_.options.profile_directories, name.mark());
    return document == nullptr ? Node() : document->root();
  }

  void check_profile_driver(const Fields& profile) {
    const Texts& drivers = profile.texts("driver");
    if (!profile.has("driver") || std::ranges::find(drivers, type_.name) != drivers.end()) return;
    context_.report.add(profile.mark("driver"), "this profile is for the driver " + cited(drivers.empty() ? "" : drivers[0]) +
                                                    ", the channel's is '" + std::string(type_.name) + "'");
  }

  void add(Row& row, bool sound) {
    std::string name = row.name;
    for (const FieldSpec& spec : type_.device_fields) {
      const bool known = row.fields.has(spec.name) || !spec.initial.empty();
      if (spec.kind == FieldKind::integer && known) {
        name = fill_in(name, spec.name, std::to_string(row.fields.integer(spec.name)));
      }
    }
    if (!check_name(name)) {
      if (sound) context_.report.add(row.mark, "'name': " + check_name(name).what());
      return check_apart(row);
    }
    const DeviceId id = context_.claim_device(name, row.mark);
    if (id == DeviceId::none) return check_apart(row);
    DeviceSettings device = build_first(row, id, name);
    if (sound) channel_.devices.push_back(std::move(device));
  }

  // The tags of a device that is out of service, or has no name of its own: a user wants to know of all mistakes at once.
  void check_apart(const Row& row) {
    const Aside aside(context_);
    build_tags(row.profile.find("tags"), row.own.find("tags"), {type_, context_.names.device("unnamed"), row.every}, context_);
  }

  DeviceSettings build_first(const Row& row, DeviceId id, const std::string& name) {
    DeviceSettings device;
    device.id = id;
    device.mark = row.own.mark();
    device.fields = row.fields;
    const Node profile_tags = row.profile.find("tags");
    const Node own_tags = row.own.find("tags");
    device.tags = build_tags(profile_tags, own_tags, {type_, id, row.every}, context_);
    if (profile_tags.size() + own_tags.size() == 0)
      context_.warn(row.mark, "the device '" + name + "' has no tags: nothing is read");
    return device;
  }

  void add_row(const Row& row, const RangeField& range) {
    if (range.to - range.from >= kMostDevicesOfARow) {
      context_.report.add(range.mark, "a row of more than " + std::to_string(kMostDevicesOfARow) + " devices");
      return;
    }
    DeviceSettings first;
    for (int64_t value = range.from; value <= range.to; ++value) {
      const std::string name = fill_in(row.name, range.name, std::to_string(value));
      if (!checked_name(name, row.mark)) return;
      const DeviceId id = context_.claim_device(name, row.mark);
      if (id == DeviceId::none) return;
      if (value == range.from) first = build_first(row, id, name);
      DeviceSettings device = first;
      device.id = id;
      device.fields.set(range.name, value, range.mark);
      if (value != range.from && !give_to_device(device.tags, id, context_)) return;
      channel_.devices.push_back(std::move(device));
    }
  }

  bool checked_name(const std::string& name, Mark mark) {
    const Status status = check_name(name);
    if (!status) context_.report.add(mark, "'name': " + status.what());
    return status.ok();
  }

  const DriverType& type_;
  ChannelSettings& channel_;
  LoadContext& context_;
};

}  // namespace

void build_devices(Node devices, const DriverType& type, ChannelSettings& channel, LoadContext& context) {
  if (!expect_list(devices, "devices", context.report)) return;
  DeviceBuilder builder(type, channel, context);
  for (const Node device : devices.items()) {
    if (context.report.full()) return;
    builder.build(device);
  }
}

}  // namespace ferrule::config

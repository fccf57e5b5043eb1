#include "app/desk_plant.h"

#include <algorithm>
#include <array>
#include <map>
#include <optional>

#include "app/desk_values.h"
#include "modbus/point.h"
#include "simulator/plant.h"

namespace ferrule {

namespace {

using modbus::Area;
using modbus::ModelRange;
using modbus::Point;

std::span<const FieldSpec> table_of(std::span<const FieldSpec> table, std::string_view name) {
  for (const FieldSpec& field : table) {
    if (field.name == name) return field.fields;
  }
  return {};
}

Fields plain_row(Area area, uint32_t first, uint32_t count) {
  Fields row(table_of(table_of(kPlantFields, "devices"), "registers"));
  row.set("address", std::string(modbus::to_text(area)) + ":" + std::to_string(first));
  if (count > 1) row.set("count", int64_t{count});
  return row;
}

// A stretch of registers, and the tag that it plays; none: it only must be there.
struct Stretch {
  uint32_t first = 0, end = 0;
  const TagSettings* tag = nullptr;
  Point point;
  std::optional<uint64_t> constant;  // must hold just this: a scale factor, or parts of bits
};

// The bits of a tag that is a part of its registers, in their place.
uint64_t pattern_of(const TagSettings& tag, const Point& point) {
  std::array<uint8_t, 8> bytes{};
  const std::span<uint8_t> used = std::span(bytes).first(wire_size(point.type));
  const auto number = static_cast<uint64_t>(desk_number(tag, point)) & point.field.mask >> point.field.shift;
  (void)encode(point.type, ByteOrder::abcd, Value(number), used, point.field).ok();  // else zeros
  uint64_t pattern = 0;
  for (const uint8_t byte : used) pattern = pattern << 8 | byte;
  return pattern;
}

WireType unsigned_of(size_t bytes) { return bytes == 8 ? WireType::uint64 : bytes == 4 ? WireType::uint32 : WireType::uint16; }

// How wide a gap between two values is filled with zeros, so that it can be read along, unless `max_gap: 0` forbids that.
constexpr uint32_t kFilledGap = 125;

class DevicePlant {
 public:
  explicit DevicePlant(const DeviceSettings& device) : device_(device) {}

  std::vector<Fields> rows() {
    collect();
    place_models();
    std::vector<Fields> rows;
    for (auto& [area, stretches] : areas_) add_rows(area, stretches, rows);
    return rows;
  }

 private:
  struct Model {
    uint16_t id = 0;
    std::vector<Stretch> stretches;  // counted from the model's id
    uint32_t words = 0;
  };

  void collect() {
    for (const TagSettings& tag : device_.tags) {
      const auto point = modbus::point_of(device_.fields, tag.fields);
      if (!point) continue;
      std::vector<Stretch>& into =
          point->address.models ? model_of(*point->address.models).stretches : areas_[point->address.area];
      const uint32_t first = point->address.offset, end = first + point->width();
      if (point->exponent) into.push_back({*point->exponent, *point->exponent + 1u, nullptr, {}, 0});
      if (!point->field.whole()) {
        add_part(into, {first, end, nullptr, *point, pattern_of(tag, *point)});
      } else {
        into.push_back({first, end, point->address.bit ? nullptr : &tag, *point, {}});
      }
    }
  }

  // Parts of the same registers are one number.
  static void add_part(std::vector<Stretch>& into, Stretch part) {
    for (Stretch& other : into) {
      if (!other.constant || other.first != part.first || other.end != part.end) continue;
      *other.constant |= *part.constant;
      return;
    }
    into.push_back(std::move(part));
  }

  Model& model_of(const ModelRange& range) {
    Model& model = models_[range];
    model.id = range.last;
    return model;
  }

  // SunSpec's chain from 40000 on: the mark, the models, the end.
  void place_models() {
    if (models_.empty()) return;
    constexpr uint32_t kBase = 40000;
    std::vector<Stretch>& holding = areas_[Area::holding];
    const auto put = [&](uint32_t at, uint64_t word) { holding.push_back({at, at + 1, nullptr, {}, word}); };
    put(kBase, 0x5375);
    put(kBase + 1, 0x6e53);
    uint32_t at = kBase + 2;
    for (auto& [range, model] : models_) {
      for (const Stretch& stretch : model.stretches) model.words = std::max(model.words, stretch.end);
      put(at, model.id);
      put(at + 1, model.words - 2);
      for (Stretch stretch : model.stretches) {
        stretch.first += at;
        stretch.end += at;
        holding.push_back(std::move(stretch));
      }
      holding.push_back({at + 2, at + model.words, nullptr, {}, {}});
      at += model.words;
    }
    put(at, 0xffff);
    put(at + 1, 0);
  }

  // Where tags overlap, the first that stands for whole registers is played and the others see its registers.
  void add_rows(Area area, std::vector<Stretch>& stretches, std::vector<Fields>& rows) const {
    std::ranges::stable_sort(stretches, [](const Stretch& a, const Stretch& b) { return rank(a) < rank(b); });
    std::map<uint32_t, uint32_t> taken;  // first -> end, without overlap
    for (const Stretch& stretch : stretches) {
      if (rank(stretch) == kFiller || overlaps(taken, stretch.first, stretch.end)) {
        fill(area, taken, stretch.first, stretch.end, rows);
      } else {
        rows.push_back(row_of(area, stretch));
        taken[stretch.first] = stretch.end;
      }
    }
    const bool no_gaps = device_.fields.has("max_gap") && device_.fields.integer("max_gap") == 0;
    if (!no_gaps) fill_gaps(area, taken, rows);
  }

  static constexpr int kFiller = 2;
  static int rank(const Stretch& stretch) {
    if (stretch.constant) return 0;
    return stretch.tag != nullptr ? 1 : kFiller;
  }

  static bool overlaps(const std::map<uint32_t, uint32_t>& taken, uint32_t first, uint32_t end) {
    const auto after = taken.lower_bound(end);
    return after != taken.begin() && std::prev(after)->second > first;
  }

  // Registers of the stretch that nothing plays yet count up, so that bits and parts of them move.
  static void fill(Area area, std::map<uint32_t, uint32_t>& taken, uint32_t first, uint32_t end, std::vector<Fields>& rows) {
    for (uint32_t at = first; at < end; ++at) {
      if (overlaps(taken, at, at + 1)) continue;
      Fields row = plain_row(area, at, 1);
      if (!modbus::holds_bits(area)) {
        row.set("shape", std::string("counter"));
        row.set("step", 257.0);
      }
      rows.push_back(std::move(row));
      taken[at] = at + 1;
    }
  }

  static void fill_gaps(Area area, const std::map<uint32_t, uint32_t>& taken, std::vector<Fields>& rows) {
    uint32_t end = 0;
    for (const auto& [first, stop] : taken) {
      if (end != 0 && first > end && first - end <= kFilledGap) rows.push_back(plain_row(area, end, first - end));
      end = stop;
    }
  }

  static Fields row_of(Area area, const Stretch& stretch) {
    Fields row = plain_row(area, stretch.first, 1);
    const Point& point = stretch.point;
    row.set("order", std::string(kByteOrderWords[static_cast<size_t>(point.order)]));
    if (stretch.constant) {
      row.set("type", std::string(to_text(unsigned_of(2 * (stretch.end - stretch.first)))));
      row.set("value", static_cast<double>(*stretch.constant));
      return row;
    }
    row.set("type", std::string(to_text(point.type)));
    if (point.type == WireType::text) row.set("length", int64_t{point.length});
    set_desk_value(*stretch.tag, point, row);
    return row;
  }

  const DeviceSettings& device_;
  std::map<Area, std::vector<Stretch>> areas_;
  std::map<ModelRange, Model> models_;
};

Fields endpoint_of(const ChannelSettings& channel, const std::string& folder) {
  const auto table = table_of(kPlantFields, "endpoints");
  Fields endpoint(table);
  endpoint.set("name", channel.name);
  if (channel.fields.has("serial")) {
    Fields serial(table_of(table, "serial"));
    serial.set("link", desk_line(folder, channel));
    endpoint.set("serial", std::vector<Fields>{serial});
  } else {
    Fields tcp(table_of(table, "tcp"));
    if (channel.fields.boolean("rtu_over_tcp")) tcp.set("rtu_over_tcp", true);
    endpoint.set("tcp", std::vector<Fields>{tcp});
  }
  return endpoint;
}

}  // namespace

std::string desk_line(const std::string& folder, const ChannelSettings& channel) { return folder + "/line-" + channel.name; }

DeskPlant desk_plant(const GatewaySettings& settings, const std::string& folder) {
  DeskPlant plant;
  std::vector<Fields> endpoints, devices;
  for (const ChannelSettings& channel : settings.channels) {
    if (channel.driver != "modbus") {
      plant.left_out.push_back(channel.name);
      continue;
    }
    plant.channels.push_back(&channel);
    endpoints.push_back(endpoint_of(channel, folder));
    for (const DeviceSettings& settings_of_device : channel.devices) {
      Fields device(table_of(kPlantFields, "devices"));
      device.set("unit_id", std::to_string(modbus::unit_of(settings_of_device.fields)));
      device.set("endpoint", channel.name);
      device.set("registers", DevicePlant(settings_of_device).rows());
      devices.push_back(std::move(device));
    }
  }
  plant.fields = Fields(kPlantFields);
  plant.fields.set("endpoints", std::move(endpoints));
  plant.fields.set("devices", std::move(devices));
  return plant;
}

}  // namespace ferrule

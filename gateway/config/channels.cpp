#include "config/channels.h"

#include <algorithm>
#include <array>
#include <unordered_map>

#include "config/decoder.h"
#include "config/fingerprint.h"
#include "config/secrets.h"
#include "config/tables.h"
#include "core/nearest.h"

namespace ferrule::config {

namespace {

class ChannelBuilder {
 public:
  explicit ChannelBuilder(LoadContext& context) : context_(context) {}

  void build(const Node& node, std::vector<ChannelSettings>& channels) {
    const DriverType* type = driver_of(node);
    if (type == nullptr) return;
    Report& report = context_.report;
    const size_t complaints = report.count();
    Fields common(tables::kChannel, node.mark());
    ChannelSettings channel;
    channel.fields = Fields(type->channel_fields, node.mark());
    const std::array<Target, 2> targets{{{tables::kChannel, &common}, {type->channel_fields, &channel.fields}}};
    decode_map(node, "a channel", targets, report);
    require({&node, 1}, "a channel", targets, node.mark(), report);
    channel.name = common.text("name");
    channel.driver = type->name;
    channel.mark = node.mark();
    if (const Fields* sick = common.object("sick")) {
      channel.sick = {static_cast<uint32_t>(sick->integer("after")), sick->number("probe_share") / 100};
    }
    if (!common.boolean("enabled")) {
      const Aside aside(context_);
      return build_devices(node.find("devices"), *type, channel, context_);
    }
    if (common.has("name")) names_.claim(channel.name, common.mark("name"), context_);
    build_devices(node.find("devices"), *type, channel, context_);
    if (report.count() != complaints) return;
    check(*type, channel);
    read_secrets(channel.fields, channel.trouble);
    for (DeviceSettings& device : channel.devices) read_secrets(device.fields, channel.trouble);
    channel.fingerprint = fingerprint(channel, context_.names);
    channels.push_back(std::move(channel));
  }

 private:
  const DriverType* driver_of(const Node& node) {
    if (!node.is_map()) {
      decode_map(node, "a channel", {}, context_.report);
      if (node.is_null()) context_.report.add(node.mark(), "a channel needs 'name' and 'driver'");
      return nullptr;
    }
    const Node driver = node.find("driver");
    if (!driver) {
      context_.report.add(node.mark(), "a channel needs 'driver', such as `driver: modbus`");
      return nullptr;
    }
    if (const DriverType* type = context_.catalogue.driver(driver.text())) return type;
    std::vector<std::string_view> known;
    std::string list;
    for (const DriverType* type : context_.catalogue.drivers) {
      known.push_back(type->name);
      list += (list.empty() ? "" : ", ") + std::string(type->name);
    }
    const std::string guess = did_you_mean(driver.text(), known);
    context_.report.add(driver.mark(),
                        "unknown driver " + cited(driver.text()) + (guess.empty() ? "; known are " + list : guess));
    return nullptr;
  }

  void check(const DriverType& type, const ChannelSettings& channel) {
    Complaints complaints;
    if (type.check != nullptr) type.check(channel, context_.names, complaints);
    context_.report.add_all(complaints);
    if (type.resource == nullptr) return;
    const std::string resource = type.resource(channel);
    if (resource.empty()) return;
    const size_t room = type.resource_room == nullptr ? 1 : type.resource_room(channel);
    const auto [known, fresh] = resources_.emplace(resource, Occupied{channel.name, room, 0});
    Occupied& occupied = known->second;
    occupied.room = std::min(occupied.room, room);
    if (++occupied.channels <= occupied.room) return;
    context_.report.add(channel.mark, cited(resource) + " is taken by the channel " + cited(occupied.first) +
                                          ": put the devices of one line into one channel");
  }

  // Puts what the secrets say in the place of their names, in nested maps, too.
  void read_secrets(Fields& fields, std::string& trouble) {
    if (context_.options.secrets == Secrets::unread) return;
    for (const FieldSpec& spec : fields.table()) {
      if (!fields.has(spec.name)) continue;
      if (spec.kind == FieldKind::object) {
        Fields inner = *fields.object(spec.name);
        read_secrets(inner, trouble);
        fields.set(spec.name, std::vector<Fields>{std::move(inner)}, fields.mark(spec.name));
      } else if (spec.kind == FieldKind::secret) {
        auto secret = read_secret(fields.text(spec.name), secret_directories(context_.options.secret_directory));
        const Mark mark = fields.mark(spec.name);
        if (secret) {
          fields.set(spec.name, std::move(*secret), mark);
        } else {
          trouble = secret.status().what();
          context_.lacks(mark, "'" + std::string(spec.name) + "': " + trouble);
        }
      }
    }
  }

  LoadContext& context_;
  UniqueNames names_{"channel"};
  struct Occupied {
    std::string first;  // channel
    size_t room = 1;
    size_t channels = 0;
  };
  std::unordered_map<std::string, Occupied> resources_;
};

}  // namespace

std::vector<ChannelSettings> build_channels(std::span<const Node> entries, LoadContext& context) {
  std::vector<ChannelSettings> channels;
  ChannelBuilder builder(context);
  for (const Node& entry : entries) {
    if (!context.report.full()) builder.build(entry, channels);
  }
  return channels;
}

}  // namespace ferrule::config

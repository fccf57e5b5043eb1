#include "host/loading.h"

#include <algorithm>
#include <filesystem>

#include "host/channel_build.h"
#include "host/tag_class.h"
#include "rules/rules.h"

namespace ferrule {

namespace {

class NoOutput final : public PushOutput {
 public:
  bool poll(Poll&&) override { return true; }
  bool push(Poll&&, Receipt&&) override { return true; }
  void device_state(DeviceId, const DeviceState&) override {}
  void say(bool, std::string) override {}
};

TagKind tag_kinds(const GatewaySettings& settings, const Names& names) {
  std::vector<std::optional<ValueClass>> kinds(names.tag_count());
  for (const ChannelSettings& channel : settings.channels) {
    for (const DeviceSettings& device : channel.devices) {
      for (const TagSettings& tag : device.tags) {
        kinds[index_of(tag.id)] = class_of(tag);
        for (const BitTag& bit : tag.bits) kinds[index_of(bit.tag)] = ValueClass::boolean;
      }
    }
  }
  for (const RuleSettings& rule : settings.rules) {
    if (rule.set != TagId::none) kinds[index_of(rule.set)] = ValueClass::unknown;
  }
  return [kinds = std::move(kinds)](TagId tag) { return index_of(tag) < kinds.size() ? kinds[index_of(tag)] : std::nullopt; };
}

Complaints try_build(const GatewaySettings& settings, const Catalogue& catalogue, const Clock& clock, const Names& names) {
  NoOutput nowhere;
  Complaints complaints;
  for (const ChannelSettings& channel : settings.channels) {
    const auto built = build_channel(channel, *catalogue.driver(channel.driver), clock, names, nowhere);
    if (!built) complaints.push_back({channel.mark, "channel " + channel.name + ": " + built.status().what()});
  }
  for (const UplinkSettings& uplink : settings.uplinks) {
    const auto encoder = catalogue.encoder(uplink.payload)->build(uplink.payload_fields, {settings.id, names});
    if (!encoder) complaints.push_back({uplink.mark, "uplink " + uplink.name + ": " + encoder.status().what()});
  }
  return complaints;
}

// The channel of this complaint, which could not be built; an uplink's payload needs no file.
void bar(Loaded& loaded, const Complaint& complaint) {
  const auto barred = std::ranges::find(loaded.settings.channels, complaint.mark, &ChannelSettings::mark);
  if (barred == loaded.settings.channels.end()) return loaded.complaints.push_back(complaint);
  barred->trouble = complaint.what;
  barred->fingerprint = ~barred->fingerprint;  // with its file it is another one
  loaded.warnings.push_back(format(complaint, loaded.files));
}

}  // namespace

Loaded load_checked(const Folders& folders, const Catalogue& catalogue, const Clock& clock, Names& names, Secrets secrets) {
  LoadOptions options;
  options.file = folders.config_file;
  options.state_directory = folders.state;
  options.runtime_directory = folders.runtime;
  options.profile_directories = folders.profiles;
  options.profile_directories.push_back(std::filesystem::path(folders.config_file).parent_path() / "profiles");
  options.profile_directories.push_back("/usr/share/ferrule/profiles");
  options.secret_directory = folders.secrets;
  options.secrets = secrets;
  options.check_rules = [](const GatewaySettings& settings, const Names& known, Complaints& complaints) {
    check_rules(settings.rules, known, tag_kinds(settings, known), complaints);
  };
  Loaded loaded = load(options, catalogue, names);
  if (!loaded.ok()) return loaded;
  Complaints complaints = try_build(loaded.settings, catalogue, clock, names);
  if (secrets != Secrets::spared) {
    loaded.complaints = std::move(complaints);
  } else {
    for (const Complaint& complaint : complaints) bar(loaded, complaint);
  }
  return loaded;
}

}  // namespace ferrule

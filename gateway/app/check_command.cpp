#include "app/check_command.h"

#include "app/builtin_types.h"
#include "app/plan_command.h"

namespace ferrule {

namespace {

void print(std::FILE* out, const std::string& text) { std::fwrite(text.data(), 1, text.size(), out); }

size_t tag_total(const GatewaySettings& settings) {
  size_t total = 0;
  for (const ChannelSettings& channel : settings.channels) {
    for (const DeviceSettings& device : channel.devices) total += device.tags.size();
  }
  return total;
}

}  // namespace

int check(const Folders& folders, std::FILE* out) {
  const SystemClock clock;
  Names names;
  const Secrets secrets = folders.secrets.empty() ? Secrets::unread : Secrets::needed;
  const Loaded loaded = load_checked(folders, builtin_types(), clock, names, secrets);
  for (const std::string& warning : loaded.warnings) print(out, "warning: " + warning + "\n");
  if (!loaded.ok()) {
    print(out, format_all(loaded));
    return 1;
  }
  const GatewaySettings& settings = loaded.settings;
  for (const std::string& warning : plan_warnings(settings, clock, names)) print(out, "warning: " + warning + "\n");
  print(out, folders.config_file + ": ok, gateway " + settings.id + " with " + std::to_string(settings.channels.size()) +
                 " channels, " + std::to_string(tag_total(settings)) + " tags, " + std::to_string(settings.rules.size()) +
                 " rules, " + std::to_string(settings.uplinks.size()) + " uplinks\n");
  return 0;
}

int print_schema(std::FILE* out) {
  print(out, json_schema(builtin_types()) + "\n");
  return 0;
}

}  // namespace ferrule

// A reload keeps what has the same fingerprint: it must change with everything that matters, and with nothing else.
#include <gtest/gtest.h>

#include "tests/unit/config/loading.h"

namespace ferrule {

namespace {

const std::string kPlain =
    "channels:\n  - name: press\n    driver: modbus\n    tcp: { host: h }\n    devices:\n"
    "      - { name: boiler, unit_id: 5, tags: [{ name: a, address: \"holding:1\", scale: 2 }] }\n"
    "rules: [{ name: hot, when: boiler.a > 1, alarm: { severity: low } }]\n"
    "uplinks: [{ name: cloud, mqtt: { url: \"mqtt://h\" } }]\n";

struct Prints {
  uint64_t channel, rule, uplink;
  bool operator==(const Prints&) const = default;
};

Prints prints_of(const std::string& yaml) {
  const LoadedText text(yaml);
  EXPECT_EQ(text.complaints, "") << yaml;
  if (!text.loaded.ok()) return {};
  const GatewaySettings& settings = text.loaded.settings;
  return {settings.channels.at(0).fingerprint, settings.rules.at(0).fingerprint, settings.uplinks.at(0).fingerprint};
}

std::string replaced(std::string text, std::string_view from, std::string_view to) {
  const size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

TEST(Fingerprint, places_comments_and_written_defaults_do_not_count) {
  const Prints plain = prints_of(kPlain);
  EXPECT_EQ(prints_of("# a comment\n\n" + kPlain), plain);
  EXPECT_EQ(prints_of(replaced(kPlain, "scale: 2", "every: 1000ms, scale: 2.0, offset: 0")), plain);
  EXPECT_EQ(prints_of(replaced(kPlain, "host: h", "host: \"h\", port: 502")), plain);
  EXPECT_EQ(prints_of(replaced(kPlain, "url: \"mqtt://h\"", "window: 64, url: \"mqtt://h:1883\"")), plain);
}

TEST(Fingerprint, everything_that_is_written_counts) {
  const Prints plain = prints_of(kPlain);
  for (const std::string_view tag :
       {"scale: 3", "scale: 2, every: 2s", "scale: 2, units: V", "scale: 2, deadband: 1", "scale: 2, deadband: 1%",
        "scale: 2, write: true", "scale: 2, valid: { min: 0 }", "scale: 2, bits: { 0: x }", "scale: 2, enum: { 0: x }",
        "scale: 2, invalid: 1", "scale: 2, type: int16"}) {
    const Prints prints = prints_of(replaced(kPlain, "scale: 2", tag));
    EXPECT_NE(prints.channel, plain.channel) << tag;
    EXPECT_EQ(prints.uplink, plain.uplink) << tag;
  }
  EXPECT_NE(prints_of(replaced(kPlain, "unit_id: 5", "unit_id: 6")).channel, plain.channel);
  EXPECT_NE(prints_of(replaced(kPlain, "host: h", "host: i")).channel, plain.channel);
  EXPECT_NE(prints_of(replaced(kPlain, "> 1", "> 2")).rule, plain.rule);
  EXPECT_NE(prints_of(replaced(kPlain, "severity: low", "severity: high")).rule, plain.rule);
  EXPECT_NE(prints_of(replaced(kPlain, "\"mqtt://h\"", "\"mqtts://h\"")).uplink, plain.uplink);
  EXPECT_NE(prints_of(replaced(kPlain, "{ name: cloud,", "{ name: cloud, topic: t,")).uplink, plain.uplink);
}

TEST(Fingerprint, a_profile_and_a_secret_count) {
  const Folder folder;
  folder.write("ferrule.yaml",
               "channels: [{ name: c, driver: modbus, tcp: { host: h }, devices: [{ name: d, profile: p }] }]\n"
               "uplinks: [{ name: u, mqtt: { url: \"mqtt://h\", username: x, password: !secret s } }]\n");
  const auto prints = [&folder](std::string_view address, std::string_view secret) {
    folder.write("profiles/p.yaml", "driver: modbus\ntags: [{ name: a, address: \"holding:" + std::string(address) + "\" }]\n");
    folder.write("secrets/s", secret);
    Loading loading(folder.path());
    const Loaded loaded = loading.load();
    EXPECT_EQ(format_all(loaded), "");
    return std::pair(loaded.settings.channels.at(0).fingerprint, loaded.settings.uplinks.at(0).fingerprint);
  };
  const auto before = prints("1", "old");
  EXPECT_EQ(prints("1", "old"), before);
  EXPECT_NE(prints("2", "old").first, before.first);
  EXPECT_NE(prints("1", "new").second, before.second);
}

}  // namespace

}  // namespace ferrule

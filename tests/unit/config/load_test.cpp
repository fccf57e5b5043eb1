// What the settings hold after a load.
#include <gtest/gtest.h>

#include <chrono>

#include "tests/unit/config/loading.h"

namespace ferrule {

namespace {

using namespace std::chrono_literals;

std::string channel_of(std::string_view devices) {
  return "gateway: { id: g }\nchannels:\n  - name: press\n    driver: modbus\n    tcp: { host: h }\n    devices:\n" +
         std::string(devices);
}

std::string device_of(std::string_view tags) {
  return channel_of("      - name: boiler\n        unit_id: 5\n        tags:\n" + std::string(tags));
}

const DeviceSettings& first_device(const Loaded& loaded) { return loaded.settings.channels.at(0).devices.at(0); }

TEST(Load, an_empty_file_gives_the_defaults) {
  const LoadedText text("");
  ASSERT_EQ(text.complaints, "");
  const GatewaySettings& settings = text.loaded.settings;
  EXPECT_FALSE(settings.id.empty());
  EXPECT_EQ(settings.outbox.path, "/var/lib/ferrule/outbox.db");
  EXPECT_EQ(settings.outbox.max_size, 512u << 20);
  EXPECT_EQ(settings.outbox.max_age, 720h);
  EXPECT_EQ(settings.outbox.flush_after, 1s);
  EXPECT_FALSE(settings.outbox.write_ahead);
  EXPECT_TRUE(settings.rest.on);
  EXPECT_EQ(settings.rest.host, "127.0.0.1");
  EXPECT_EQ(settings.rest.port, 8080);
  EXPECT_EQ(settings.rest.socket, "/run/ferrule/ferrule.sock");
  EXPECT_EQ(settings.rest.token_file, "/var/lib/ferrule/token");
  EXPECT_EQ(settings.log_level, "info");
}

TEST(Load, a_file_that_is_not_there_is_a_complaint) {
  const Folder folder;
  Loading loading(folder.path());
  EXPECT_EQ(loading.complaints(), "ferrule.yaml: cannot be read: No such file or directory\n");
}

TEST(Load, a_directory_or_a_pipe_is_no_file) {
  const Folder folder;
  std::filesystem::create_directory(folder.path("ferrule.yaml"));
  Loading loading(folder.path());
  EXPECT_EQ(loading.complaints(), "ferrule.yaml: cannot be read: it is not a regular file\n");
}

TEST(Load, a_file_of_100_mb_is_refused_unread) {
  const Folder folder;
  folder.write("ferrule.yaml", "");
  std::filesystem::resize_file(folder.path("ferrule.yaml"), 100'000'000);
  Loading loading(folder.path());
  EXPECT_EQ(loading.complaints(),
            "ferrule.yaml: is 97656 KiB large, more than the limit of 16MiB: use `count` for rows of tags, and profiles for "
            "devices of a kind\n");
}

TEST(Load, a_tag_has_what_is_written) {
  const LoadedText text(device_of(
      "          - { name: flow, address: \"holding:1\", type: int16, every: 250ms, at_least: 1min, stale_after: 10s, scale: "
      "0.1, "
      "offset: -40, deadband: 0.2, valid: { min: -40, max: 200 }, write: { min: 20 }, units: \"°C\", invalid: [0x8000, -1], "
      "enum: { 0: off, 2: auto } }\n"));
  ASSERT_EQ(text.complaints, "");
  const TagSettings& tag = first_device(text.loaded).tags.at(0);
  EXPECT_EQ(text.loading.names.full_name(tag.id), "boiler.flow");
  EXPECT_EQ(tag.mark.line, 10u);
  EXPECT_EQ(tag.every, 250ms);
  EXPECT_EQ(tag.at_least, 1min);
  EXPECT_EQ(tag.stale_after, 10s);
  EXPECT_EQ(tag.scale, 0.1);
  EXPECT_EQ(tag.offset, -40);
  EXPECT_EQ(tag.deadband, 0.2);
  EXPECT_EQ(tag.deadband_percent, 0);
  EXPECT_EQ(tag.valid.min, -40);
  EXPECT_EQ(tag.valid.max, 200);
  EXPECT_TRUE(tag.writable);
  EXPECT_EQ(tag.write.min, 20);
  EXPECT_EQ(tag.write.max, std::numeric_limits<double>::infinity());
  EXPECT_EQ(tag.units, "°C");
  EXPECT_EQ(tag.invalid, (std::vector<int64_t>{0x8000, -1}));
  ASSERT_EQ(tag.labels.size(), 2u);
  EXPECT_EQ(tag.labels[1].number, 2);
  EXPECT_EQ(tag.labels[1].label, "auto");
  EXPECT_EQ(tag.fields.text("address"), "holding:1");
  EXPECT_EQ(tag.fields.text("type"), "int16");
}

TEST(Load, a_tag_has_defaults_for_what_is_not_written) {
  const LoadedText text(device_of("          - { name: flow, address: \"holding:1\" }\n"));
  ASSERT_EQ(text.complaints, "");
  const TagSettings& tag = first_device(text.loaded).tags.at(0);
  EXPECT_EQ(tag.every, 1s);
  EXPECT_EQ(tag.at_least, 0s);
  EXPECT_EQ(tag.stale_after, 0s);
  EXPECT_EQ(tag.scale, 1);
  EXPECT_FALSE(tag.writable);
  EXPECT_FALSE(tag.fields.has("type"));
}

TEST(Load, every_comes_from_the_tag_the_device_or_the_profile_in_this_order) {
  const Folder folder;
  folder.write("profiles/p.yaml", "driver: modbus\nevery: 5s\ntags: [{ name: a, address: \"holding:1\" }]\n");
  folder.write("ferrule.yaml", channel_of("      - { name: one, unit_id: 1, profile: p }\n"
                                          "      - { name: two, unit_id: 2, profile: p, every: 3s }\n"
                                          "      - { name: six, unit_id: 3, profile: p, tags: [{ name: a, every: 2s }] }\n"));
  Loading loading(folder.path());
  const Loaded loaded = loading.load();
  ASSERT_EQ(format_all(loaded), "");
  const auto& devices = loaded.settings.channels.at(0).devices;
  EXPECT_EQ(devices.at(0).tags.at(0).every, 5s);
  EXPECT_EQ(devices.at(1).tags.at(0).every, 3s);
  EXPECT_EQ(devices.at(2).tags.at(0).every, 2s);
  EXPECT_EQ(devices.at(2).tags.at(0).fields.text("address"), "holding:1") << "what the own tag does not say is the profile's";
}

TEST(Load, a_profile_gives_fields_and_tags_and_the_device_goes_before_it) {
  const Folder folder;
  folder.write("profiles/eastron/sdm.yaml",
               "driver: modbus\norder: CDAB\ntimeout: 3s\ntags:\n"
               "  - { name: a, address: \"input:1\", units: V }\n  - { name: b, address: \"input:2\" }\n");
  folder.write("ferrule.yaml",
               channel_of("      - name: meter\n        unit_id: 1\n        profile: eastron/sdm\n        timeout: 1s\n"
                          "        tags:\n          - { name: c, address: \"input:3\" }\n"
                          "          - { name: b, enabled: false }\n"));
  Loading loading(folder.path());
  const Loaded loaded = loading.load();
  ASSERT_EQ(format_all(loaded), "");
  const DeviceSettings& device = first_device(loaded);
  EXPECT_EQ(device.fields.text("order"), "CDAB");
  EXPECT_EQ(device.fields.duration("timeout"), 1s);
  ASSERT_EQ(device.tags.size(), 2u);
  EXPECT_EQ(loading.names.name(device.tags[0].id), "a");
  EXPECT_EQ(device.tags[0].units, "V");
  EXPECT_EQ(loading.names.name(device.tags[1].id), "c");
  EXPECT_EQ(loaded.files.size(), 2u);
}

TEST(Load, a_range_makes_a_row_of_devices) {
  const LoadedText text(
      channel_of("      - { name: \"meter_{unit_id}\", unit_id: 3-5, tags: [{ name: a, address: \"holding:1\", bits: "
                 "{ 0: on } }] }\n"));
  ASSERT_EQ(text.complaints, "");
  const auto& devices = text.loaded.settings.channels.at(0).devices;
  ASSERT_EQ(devices.size(), 3u);
  EXPECT_EQ(devices[0].fields.integer("unit_id"), 3);
  EXPECT_EQ(devices[2].fields.integer("unit_id"), 5);
  EXPECT_EQ(text.loading.names.full_name(devices[2].tags.at(0).id), "meter_5.a");
  EXPECT_EQ(text.loading.names.full_name(devices[2].tags.at(0).bits.at(0).tag), "meter_5.on");
}

TEST(Load, count_makes_a_row_of_tags) {
  const LoadedText text(device_of("          - { name: \"r{n}\", address: \"holding:6\", count: 3, bits: { 1: \"on{n}\" } }\n"));
  ASSERT_EQ(text.complaints, "");
  const auto& tags = first_device(text.loaded).tags;
  ASSERT_EQ(tags.size(), 3u);
  EXPECT_EQ(text.loading.names.full_name(tags[0].id), "boiler.r1");
  EXPECT_EQ(tags[0].fields.text("address"), "holding:6");
  EXPECT_EQ(text.loading.names.full_name(tags[2].id), "boiler.r3");
  EXPECT_EQ(tags[2].fields.text("address"), "holding:8");
  EXPECT_EQ(text.loading.names.full_name(tags[2].bits.at(0).tag), "boiler.on3");
}

TEST(Load, rows_of_rows_are_limited) {
  const LoadedText text(
      channel_of("      - { name: \"m_{unit_id}\", unit_id: 1-200, tags: [{ name: \"r{n}\", address: \"holding:0\", "
                 "count: 60000 }] }\n"));
  EXPECT_EQ(text.complaints, "ferrule.yaml:7:55: more than 400000 tags: share them between several gateways\n");
}

TEST(Load, conf_d_is_merged_in_the_order_of_names) {
  const Folder folder;
  folder.write("ferrule.yaml", "gateway: { id: g }\n");
  folder.write("conf.d/20-b.yaml", "rules: [{ name: b, when: x.y, alarm: { severity: low } }]\n");
  folder.write("conf.d/10-a.yaml", "rules: [{ name: a, when: x.y, alarm: { severity: low } }]\nlog: { level: debug }\n");
  folder.write("conf.d/30-c.yaml.old", "nonsense\n");
  folder.write("conf.d/.hidden.yaml", "nonsense\n");
  Loading loading(folder.path());
  const Loaded loaded = loading.load();
  ASSERT_EQ(format_all(loaded), "");
  ASSERT_EQ(loaded.settings.rules.size(), 2u);
  EXPECT_EQ(loaded.settings.rules[0].name, "a");
  EXPECT_EQ(loaded.settings.log_level, "debug");
  EXPECT_EQ(loaded.files.size(), 3u);
}

TEST(Load, rules_carry_places_for_the_rule_language) {
  const LoadedText text(
      "rules:\n"
      "  - { name: a, when: b.c > 1, until: \"b.c < 1\", alarm: { severity: high } }\n"
      "  - { name: d, every: 15min, set: plant.avg =  avg(b.c) }\n");
  ASSERT_EQ(text.complaints, "");
  const RuleSettings& alarm = text.loaded.settings.rules.at(0);
  EXPECT_EQ(alarm.when.text, "b.c > 1");
  EXPECT_EQ(alarm.when.mark.column, 22);
  EXPECT_EQ(alarm.until.mark.column, 39) << "of the text in the quotes";
  EXPECT_EQ(alarm.text, "a");
  EXPECT_EQ(alarm.set, TagId::none);
  const RuleSettings& derived = text.loaded.settings.rules.at(1);
  EXPECT_EQ(derived.value.text, "avg(b.c)");
  EXPECT_EQ(derived.value.mark.column, 48);
  EXPECT_EQ(text.loading.names.full_name(derived.set), "plant.avg");
  EXPECT_EQ(derived.every, 15min);
  EXPECT_EQ(derived.severity, "");
}

TEST(Load, the_rule_checker_is_asked_when_all_else_is_well) {
  const std::string rule = "rules: [{ name: a, when: b.c, alarm: { severity: low } }]\n";
  for (const bool well : {true, false}) {
    const Folder folder;
    folder.write("ferrule.yaml", rule + (well ? "" : "log: { level: x }\n"));
    Loading loading(folder.path());
    loading.options.check_rules = [](const GatewaySettings& settings, const Names&, Complaints& complaints) {
      complaints.push_back({settings.rules.at(0).when.mark, "from the rules"});
    };
    EXPECT_EQ(loading.complaints().find("from the rules") != std::string::npos, well);
  }
}

std::string uplink_of(std::string_view more, std::string_view mqtt = "mqtt: { url: \"mqtt://h\" }") {
  return "gateway: { id: g }\nuplinks:\n  - { name: cloud, " + std::string(mqtt) + std::string(more) + " }\n";
}

TEST(Load, an_uplink_has_defaults) {
  const LoadedText text(uplink_of(""));
  ASSERT_EQ(text.complaints, "");
  const UplinkSettings& uplink = text.loaded.settings.uplinks.at(0);
  EXPECT_EQ(uplink.mqtt.host, "h");
  EXPECT_EQ(uplink.mqtt.port, 1883);
  EXPECT_EQ(uplink.mqtt.version, 5);
  EXPECT_FALSE(uplink.mqtt.version_fixed);
  EXPECT_EQ(uplink.mqtt.qos, 1);
  EXPECT_EQ(uplink.mqtt.keep_alive, 10s);
  EXPECT_EQ(uplink.mqtt.connect_timeout, 7s);
  EXPECT_EQ(uplink.mqtt.ack_timeout, 8s);
  EXPECT_EQ(uplink.mqtt.retry_least, 500ms);
  EXPECT_EQ(uplink.mqtt.retry_most, 8s);
  EXPECT_EQ(uplink.mqtt.window, 64u);
  EXPECT_FALSE(uplink.mqtt.tls.on);
  EXPECT_EQ(uplink.topic, "ferrule/v1/{gateway}/data/{device}");
  EXPECT_EQ(uplink.history_topic, "ferrule/v1/{gateway}/history/{device}");
  EXPECT_EQ(uplink.state_topic, "ferrule/v1/{gateway}/state");
  EXPECT_EQ(uplink.payload, "json");
  EXPECT_EQ(uplink.publish_every, 0s);
  EXPECT_EQ(uplink.max_message, 256u * 1024);
  EXPECT_FALSE(uplink.in_order);
}

TEST(Load, a_topic_of_the_users_has_its_history_below_it) {
  EXPECT_EQ(LoadedText(uplink_of(", topic: a/b")).loaded.settings.uplinks.at(0).history_topic, "a/b/history");
  EXPECT_EQ(LoadedText(uplink_of(", topic: a/b, history_topic: c")).loaded.settings.uplinks.at(0).history_topic, "c");
}

TEST(Load, publish_may_be_written_in_three_ways) {
  EXPECT_EQ(LoadedText(uplink_of(", publish: each_poll")).loaded.settings.uplinks.at(0).publish_every, 0s);
  EXPECT_EQ(LoadedText(uplink_of(", publish: { every: 5s }")).loaded.settings.uplinks.at(0).publish_every, 5s);
  EXPECT_EQ(LoadedText(uplink_of(", every: 5s")).loaded.settings.uplinks.at(0).publish_every, 5s);
}

TEST(Load, versions_of_mqtt) {
  const auto mqtt = [](std::string_view version) {
    return LoadedText(uplink_of("", "mqtt: { url: \"mqtt://h\", version: " + std::string(version) + " }"))
        .loaded.settings.uplinks.at(0)
        .mqtt;
  };
  EXPECT_EQ(mqtt("5").version, 5);
  EXPECT_TRUE(mqtt("5").version_fixed);
  EXPECT_EQ(mqtt("3.1.1").version, 4);
}

TEST(Load, fields_of_the_payload_are_the_formats_own) {
  const LoadedText text(uplink_of(", payload: { type: json, integers_as_text: beyond_2_53 }"));
  ASSERT_EQ(text.complaints, "");
  EXPECT_EQ(text.loaded.settings.uplinks.at(0).payload_fields.text("integers_as_text"), "beyond_2_53");
}

constexpr std::string_view kAccount = "mqtt: { url: \"mqtt://h\", username: u, password: !secret cloud }";

TEST(Load, a_secret_comes_from_its_file_without_the_newline) {
  const struct {
    std::string_view content, password;
  } kCases[] = {
      {"geheim", "geheim"}, {"geheim\n", "geheim"}, {"geheim\r\n", "geheim"}, {"two\nlines\n", "two\nlines"}, {" x ", " x "}};
  for (const auto& test : kCases) {
    const Folder folder;
    folder.write("ferrule.yaml", uplink_of("", kAccount));
    folder.write("secrets/cloud", test.content);
    Loading loading(folder.path());
    EXPECT_EQ(loading.load().settings.uplinks.at(0).mqtt.password, test.password);
  }
}

TEST(Load, a_secret_that_is_missing_or_empty_is_a_complaint_where_secrets_are_read) {
  const Folder folder;
  folder.write("ferrule.yaml", uplink_of("", kAccount));
  Loading loading(folder.path());
  EXPECT_EQ(loading.complaints(),
            "ferrule.yaml:3:68: 'password': there is no secret 'cloud': put it into a file of that name in secrets\n");
  folder.write("secrets/cloud", "\n");
  EXPECT_NE(loading.complaints().find("is empty"), std::string::npos);
  loading.options.secrets = Secrets::unread;
  EXPECT_EQ(loading.complaints(), "");
}

TEST(Load, a_channel_gets_what_its_secret_says) {
  const Folder folder;
  folder.write("ferrule.yaml",
               "channels: [ { name: c, driver: coap, tcp: { host: h }, dtls: { key: !secret k },\n"
               "              devices: [ { name: d, unit_id: 1, tags: [ { name: t, address: \"holding:1\" } ] } ] } ]\n");
  Loading loading(folder.path());
  EXPECT_NE(loading.complaints().find("there is no secret 'k'"), std::string::npos) << loading.complaints();
  folder.write("secrets/k", "geheim\n");
  const Loaded loaded = loading.load();
  EXPECT_EQ(loaded.settings.channels.at(0).fields.object("dtls")->text("key"), "geheim");
  loading.options.secrets = Secrets::unread;
  EXPECT_EQ(loading.load().settings.channels.at(0).fields.object("dtls")->text("key"), "k");
}

TEST(Load, complaints_never_tell_a_secret) {
  const Folder folder;
  folder.write("ferrule.yaml", uplink_of(", topic: \"#\"", kAccount));
  folder.write("secrets/cloud", "canary-4711");
  Loading loading(folder.path());
  EXPECT_EQ(loading.complaints().find("canary-4711"), std::string::npos);
}

TEST(Load, warns_of_what_has_no_effect) {
  const LoadedText text(device_of("          - { name: a, address: \"holding:1\", at_least: 1min }\n"));
  ASSERT_EQ(text.loaded.warnings.size(), 1u);
  EXPECT_NE(text.loaded.warnings[0].find(":10:56: 'at_least' does nothing"), std::string::npos) << text.loaded.warnings[0];
}

TEST(Load, ids_stay_the_same_over_loads) {
  const Folder folder;
  Loading loading(folder.path());
  folder.write("ferrule.yaml", device_of("          - { name: a, address: \"holding:1\" }\n"));
  const TagId before = first_device(loading.load()).tags.at(0).id;
  folder.write("ferrule.yaml",
               device_of("          - { name: b, address: \"holding:1\" }\n          - { name: a, address: x }\n"));
  EXPECT_FALSE(loading.load().ok());
  folder.write("ferrule.yaml",
               device_of("          - { name: b, address: \"holding:1\" }\n          - { name: a, address: \"coil:1\" }\n"));
  EXPECT_EQ(first_device(loading.load()).tags.at(1).id, before);
}

TEST(Load, at_most_a_hundred_complaints) {
  std::string tags;
  for (int i = 0; i < 1000; ++i) tags += "          - { name: a" + std::to_string(i) + ", adress: x }\n";
  EXPECT_EQ(LoadedText(device_of(tags)).loaded.complaints.size(), 100u);
}

TEST(Load, one_table_describes_a_file_of_its_own) {
  const Folder folder;
  folder.write("plant.yaml", "host: h\nport: 7\n");
  const LoadedFields plant = load_fields(folder.path("plant.yaml"), fakes::kTcpFields);
  EXPECT_TRUE(plant.complaints.empty());
  EXPECT_EQ(plant.fields.integer("port"), 7);
  folder.write("plant.yaml", "prot: 7\n");
  const LoadedFields wrong = load_fields(folder.path("plant.yaml"), fakes::kTcpFields);
  ASSERT_EQ(wrong.complaints.size(), 2u);
  EXPECT_EQ(format(wrong.complaints[0], wrong.files),
            folder.path("plant.yaml") + ":1:1: unknown key 'prot', did you mean 'port'?");
}

}  // namespace

}  // namespace ferrule

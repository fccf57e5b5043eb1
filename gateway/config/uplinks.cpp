#include <unistd.h>

#include <array>

#include "config/decoder.h"
#include "config/engines.h"
#include "config/fingerprint.h"
#include "config/formats.h"
#include "config/secrets.h"
#include "config/tables.h"
#include "core/nearest.h"

namespace ferrule::config {

namespace {

constexpr size_t kMostUplinks = 16;

class UplinkBuilder {
 public:
  explicit UplinkBuilder(LoadContext& context) : context_(context) {}

  void build(const Node& node, std::vector<UplinkSettings>& uplinks) {
    Report& report = context_.report;
    Fields fields(tables::kUplink, node.mark());
    const Target target{tables::kUplink, &fields};
    decode_map(node, "an uplink", {&target, 1}, report);
    if (!node.is_map() && !node.is_null()) return;
    require({&node, 1}, "an uplink", {&target, 1}, node.mark(), report);
    UplinkSettings uplink;
    uplink.name = fields.text("name");
    uplink.mark = node.mark();
    const bool enabled = fields.boolean("enabled");
    if (const Fields* mqtt = fields.object("mqtt")) read_mqtt(*mqtt, enabled, uplink.mqtt);
    read_topics(fields, uplink);
    read_payload(node, uplink);
    read_publish(node, fields, uplink);
    uplink.max_message = static_cast<uint64_t>(fields.integer("max_message"));
    uplink.in_order = fields.text("replay") == "in_order";
    if (!enabled) return;
    if (fields.has("name")) names_.claim(uplink.name, fields.mark("name"), context_);
    uplink.fingerprint = fingerprint(uplink);
    uplinks.push_back(std::move(uplink));
  }

 private:
  void read_mqtt(const Fields& fields, bool enabled, MqttSettings& mqtt) {
    if (const auto url = parse_broker_url(fields.text("url"))) {
      mqtt.host = url->at.host;
      mqtt.port = url->at.port;
      mqtt.tls.on = url->tls;
    }
    mqtt.version_fixed = fields.has("version");
    mqtt.version = fields.text("version") == "3.1.1" ? 4 : 5;
    mqtt.qos = static_cast<int>(fields.integer("qos"));
    mqtt.client_id = fields.text("client_id");
    mqtt.username = fields.text("username");
    if (fields.has("password")) read_password(fields, enabled, mqtt);
    mqtt.keep_alive = fields.duration("keep_alive");
    mqtt.connect_timeout = fields.duration("connect_timeout");
    mqtt.ack_timeout = fields.duration("ack_timeout");
    mqtt.retry_least = fields.duration("retry_least");
    mqtt.retry_most = fields.duration("retry_most");
    if (mqtt.retry_least > mqtt.retry_most) {
      context_.report.add(fields.mark("retry_least"), "'retry_least' is longer than 'retry_most': swap them");
    }
    mqtt.window = static_cast<uint32_t>(fields.integer("window"));
    mqtt.tls.ca_file = tls_file(fields, "ca", mqtt.tls.on);
    mqtt.tls.certificate_file = tls_file(fields, "certificate", mqtt.tls.on);
    mqtt.tls.key_file = tls_file(fields, "key", mqtt.tls.on);
    if (fields.has("certificate") != fields.has("key")) {
      const std::string_view present = fields.has("key") ? "key" : "certificate";
      context_.report.add(fields.mark(present), "'certificate' and 'key' belong together: write both");
    }
  }

  void read_password(const Fields& fields, bool enabled, MqttSettings& mqtt) {
    const Mark mark = fields.mark("password");
    const std::string name = fields.text("password");
    if (!fields.has("username")) context_.report.add(mark, "'password' needs 'username': MQTT 3.1.1 has no password without one");
    if (context_.options.secrets == Secrets::unread || !enabled) return;
    auto secret = read_secret(name, secret_directories(context_.options.secret_directory));
    if (!secret) {
      mqtt.trouble = secret.status().what();
      return context_.lacks(mark, "'password': " + mqtt.trouble);
    }
    mqtt.password = std::move(*secret);
  }

  std::string tls_file(const Fields& fields, std::string_view key, bool tls) {
    if (!fields.has(key)) return {};
    std::string path = fields.text(key);
    const std::string name = "'" + std::string(key) + "'";
    const Mark mark = fields.mark(key);
    if (!tls) context_.report.add(mark, name + " is for TLS: write the url with mqtts://");
    // Whether the service may read it cannot be told by `ferrule check` of another user; whether it is there can.
    const bool for_us = context_.options.secrets != Secrets::unread;
    if (::access(path.c_str(), for_us ? R_OK : F_OK) == 0) return path;
    const bool missing = errno == ENOENT || errno == ENOTDIR;
    if (missing) context_.lacks(mark, name + ": there is no file " + cited(path));
    if (!missing && for_us) {
      context_.lacks(mark, name + ": the file " + cited(path) + " cannot be read by this user: change its permissions");
    }
    return path;
  }

  static void read_topics(const Fields& fields, UplinkSettings& uplink) {
    uplink.topic = fields.text("topic");
    uplink.history_topic = fields.text("history_topic");
    if (!fields.has("history_topic")) {
      uplink.history_topic = fields.has("topic") ? uplink.topic + "/history" : "ferrule/v1/{gateway}/history/{device}";
    }
    uplink.event_topic = fields.text("event_topic");
    uplink.state_topic = fields.text("state_topic");
  }

  void read_payload(const Node& node, UplinkSettings& uplink) {
    const Node payload = node.find("payload");
    Fields common(tables::kPayload, payload ? payload.mark() : node.mark());
    const Target common_target{tables::kPayload, &common};
    std::string name = uplink.payload;
    Mark mark = common.mark();
    if (payload.is_map()) {
      const Node type = payload.find("type");
      if (!type) return require({&payload, 1}, "'payload'", {&common_target, 1}, payload.mark(), context_.report);
      name = type.text();
      mark = type.mark();
    } else if (payload) {
      name = payload.text();
    }
    const EncoderType* encoder = encoder_of(name, mark);
    if (encoder == nullptr) return;
    uplink.payload = name;
    uplink.payload_fields = Fields(encoder->fields, common.mark());
    if (!payload.is_map()) return;
    const std::array<Target, 2> targets{{common_target, {encoder->fields, &uplink.payload_fields}}};
    decode_map(payload, "'payload'", targets, context_.report);
    require({&payload, 1}, "'payload'", targets, payload.mark(), context_.report);
  }

  const EncoderType* encoder_of(const std::string& name, Mark mark) {
    if (const EncoderType* encoder = context_.catalogue.encoder(name)) return encoder;
    std::vector<std::string_view> known;
    std::string list;
    for (const EncoderType* type : context_.catalogue.encoders) {
      known.push_back(type->name);
      list += (list.empty() ? "" : ", ") + std::string(type->name);
    }
    const std::string guess = did_you_mean(name, known);
    context_.report.add(mark, "unknown payload " + cited(name) + (guess.empty() ? "; known are " + list : guess));
    return nullptr;
  }

  void read_publish(const Node& node, const Fields& fields, UplinkSettings& uplink) {
    uplink.publish_every = fields.duration("every");
    const Node publish = node.find("publish");
    if (!publish || (publish.text() == "each_poll" && !fields.has("every"))) return;
    if (fields.has("every")) {
      context_.report.add(publish.mark(), "'publish' and 'every' say the same thing: remove one of them");
      return;
    }
    if (!publish.is_map()) {
      context_.report.add(publish.mark(), "'publish' must be each_poll, or a map such as { every: 5s }");
      return;
    }
    Fields batch(tables::kPublish, publish.mark());
    const Target target{tables::kPublish, &batch};
    decode_map(publish, "'publish'", {&target, 1}, context_.report);
    require({&publish, 1}, "'publish'", {&target, 1}, publish.mark(), context_.report);
    uplink.publish_every = batch.duration("every");
  }

  LoadContext& context_;
  UniqueNames names_{"uplink"};
};

}  // namespace

std::vector<UplinkSettings> build_uplinks(std::span<const Node> entries, LoadContext& context) {
  std::vector<UplinkSettings> uplinks;
  UplinkBuilder builder(context);
  if (entries.size() > kMostUplinks) {
    context.report.add(entries[kMostUplinks].mark(), "more than " + std::to_string(kMostUplinks) + " uplinks: remove some");
  }
  for (const Node& entry : entries.first(std::min(entries.size(), kMostUplinks))) {
    if (!context.report.full()) builder.build(entry, uplinks);
  }
  return uplinks;
}

}  // namespace ferrule::config

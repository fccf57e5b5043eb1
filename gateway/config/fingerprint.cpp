#include "config/fingerprint.h"

#include <bit>
#include <string_view>

namespace ferrule::config {

namespace {

// FNV-1a, 64 bits, with lengths before texts so that no two lists run into each other.
class Hash {
 public:
  void number(uint64_t value) {
    for (int shift = 0; shift < 64; shift += 8) byte(static_cast<uint8_t>(value >> shift));
  }
  void number(double value) { number(std::bit_cast<uint64_t>(value == 0 ? 0.0 : value)); }
  void flag(bool value) { byte(value ? 1 : 0); }
  void duration(Duration value) { number(static_cast<uint64_t>(value.count())); }
  void text(std::string_view value) {
    number(static_cast<uint64_t>(value.size()));
    for (const char c : value) byte(static_cast<uint8_t>(c));
  }
  void range(const Range& value) { number(value.min), number(value.max); }
  uint64_t value() const { return value_; }

 private:
  void byte(uint8_t value) { value_ = (value_ ^ value) * 0x100000001b3ull; }
  uint64_t value_ = 0xcbf29ce484222325ull;
};

void add(Hash& hash, const Fields& fields);

void add(Hash& hash, const Fields& fields, const FieldSpec& spec) {
  switch (spec.kind) {
    case FieldKind::boolean: hash.flag(fields.boolean(spec.name)); break;
    case FieldKind::integer:
    case FieldKind::size: hash.number(static_cast<uint64_t>(fields.integer(spec.name))); break;
    case FieldKind::number: hash.number(fields.number(spec.name)); break;
    case FieldKind::duration: hash.duration(fields.duration(spec.name)); break;
    case FieldKind::texts:
      hash.number(static_cast<uint64_t>(fields.texts(spec.name).size()));
      for (const std::string& text : fields.texts(spec.name)) hash.text(text);
      break;
    case FieldKind::pairs:
      hash.number(static_cast<uint64_t>(fields.pairs(spec.name).size()));
      for (const auto& [key, text] : fields.pairs(spec.name)) hash.text(key), hash.text(text);
      break;
    case FieldKind::object:
    case FieldKind::objects:
      hash.number(static_cast<uint64_t>(fields.objects(spec.name).size()));
      for (const Fields& inner : fields.objects(spec.name)) add(hash, inner);
      break;
    default: hash.text(fields.text(spec.name)); break;
  }
}

// A default counts as written, so that writing it out restarts nothing; a driver that asks has() does so for fields without one.
void add(Hash& hash, const Fields& fields) {
  for (const FieldSpec& spec : fields.table()) {
    const bool known = fields.has(spec.name) || !spec.initial.empty();
    hash.flag(known);
    if (known) add(hash, fields, spec);
  }
}

void add(Hash& hash, const TagSettings& tag, const Names& names) {
  hash.text(names.name(tag.id));
  hash.duration(tag.every), hash.duration(tag.at_least), hash.duration(tag.stale_after);
  hash.number(tag.scale), hash.number(tag.offset), hash.number(tag.deadband), hash.number(tag.deadband_percent);
  hash.range(tag.valid);
  hash.flag(tag.writable), hash.range(tag.write);
  hash.text(tag.units);
  hash.number(static_cast<uint64_t>(tag.invalid.size()));
  for (const int64_t raw : tag.invalid) hash.number(static_cast<uint64_t>(raw));
  hash.number(static_cast<uint64_t>(tag.bits.size()));
  for (const BitTag& bit : tag.bits) hash.number(uint64_t{bit.bit}), hash.text(names.name(bit.tag));
  hash.number(static_cast<uint64_t>(tag.labels.size()));
  for (const EnumLabel& label : tag.labels) hash.number(static_cast<uint64_t>(label.number)), hash.text(label.label);
  add(hash, tag.fields);
}

}  // namespace

uint64_t fingerprint(const ChannelSettings& channel, const Names& names) {
  Hash hash;
  hash.text(channel.name), hash.text(channel.driver), hash.text(channel.trouble);
  hash.number(uint64_t{channel.sick.after}), hash.number(channel.sick.probe_share);
  add(hash, channel.fields);
  for (const DeviceSettings& device : channel.devices) {
    hash.text(names.name(device.id));
    add(hash, device.fields);
    hash.number(static_cast<uint64_t>(device.tags.size()));
    for (const TagSettings& tag : device.tags) add(hash, tag, names);
  }
  return hash.value();
}

uint64_t fingerprint(const RuleSettings& rule, const Names& names) {
  Hash hash;
  hash.text(rule.name), hash.text(rule.when.text), hash.text(rule.until.text), hash.text(rule.severity), hash.text(rule.text);
  hash.duration(rule.every);
  hash.text(rule.set == TagId::none ? std::string() : names.full_name(rule.set));
  hash.text(rule.value.text);
  return hash.value();
}

uint64_t fingerprint(const UplinkSettings& uplink) {
  Hash hash;
  const MqttSettings& mqtt = uplink.mqtt;
  hash.text(uplink.name);
  hash.text(mqtt.host), hash.number(uint64_t{mqtt.port});
  hash.number(static_cast<uint64_t>(mqtt.version)), hash.flag(mqtt.version_fixed), hash.number(static_cast<uint64_t>(mqtt.qos));
  hash.text(mqtt.client_id), hash.text(mqtt.username), hash.text(mqtt.password), hash.text(mqtt.trouble);
  hash.duration(mqtt.keep_alive), hash.duration(mqtt.connect_timeout), hash.duration(mqtt.ack_timeout);
  hash.duration(mqtt.retry_least), hash.duration(mqtt.retry_most), hash.number(uint64_t{mqtt.window});
  hash.flag(mqtt.tls.on), hash.text(mqtt.tls.ca_file), hash.text(mqtt.tls.certificate_file), hash.text(mqtt.tls.key_file);
  hash.text(uplink.topic), hash.text(uplink.history_topic), hash.text(uplink.event_topic), hash.text(uplink.state_topic);
  hash.text(uplink.payload);
  add(hash, uplink.payload_fields);
  hash.duration(uplink.publish_every), hash.number(uplink.max_message), hash.flag(uplink.in_order);
  return hash.value();
}

}  // namespace ferrule::config

// What a checked configuration says, as plain data. config makes it; host hands each engine its own part. Nothing here knows
// YAML. All limits and ranges of tags are in engineering units, that is after scale and offset.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "core/names.h"
#include "sdk/fields.h"

namespace ferrule {

struct Range {
  double min = -std::numeric_limits<double>::infinity();
  double max = std::numeric_limits<double>::infinity();
  bool contains(double number) const { return number >= min && number <= max; }  // false for NaN
};

struct BitTag {
  uint8_t bit = 0;  // 0 = least significant
  TagId tag = TagId::none;
};

struct EnumLabel {
  int64_t number = 0;
  std::string label;
};

struct TagSettings {
  TagId id = TagId::none;
  Mark mark;
  Duration every{0};        // poll period, > 0
  Duration at_least{0};     // with a deadband: the longest silence; 0 = no limit
  Duration stale_after{0};  // 0 = never stale
  double scale = 1;         // engineering = raw * scale + offset
  double offset = 0;
  double deadband = 0;          // absolute change that is worth forwarding; 0 = none set
  double deadband_percent = 0;  // of the last forwarded value; 0 = none set
  Range valid;                  // outside: bad, out_of_range
  bool writable = false;
  Range write;                    // what a command may set
  std::string units;              // "°C": shown, never interpreted
  std::vector<int64_t> invalid;   // raw values that mean "none"
  std::vector<BitTag> bits;       // further boolean tags made from this one's raw bits
  std::vector<EnumLabel> labels;  // number -> text
  Fields fields;                  // the driver's own tag fields: address, type, ...
};

struct DeviceSettings {
  DeviceId id = DeviceId::none;
  Mark mark;
  Fields fields;  // the driver's own device fields
  std::vector<TagSettings> tags;
};

// What becomes of a device that does not answer.
struct SickSettings {
  uint32_t after = 3;         // polls in a row without an answer: it is only probed from then on
  double probe_share = 0.05;  // of the line's time, at most, while others want it
};

struct ChannelSettings {
  std::string name;
  std::string driver;
  Mark mark;
  Fields fields;  // the driver's own channel fields
  std::vector<DeviceSettings> devices;
  SickSettings sick;
  std::string trouble;       // why it cannot be served (a secret is missing); empty: it can
  uint64_t fingerprint = 0;  // equal for equal content, whatever the place: a reload keeps a channel whose print is the same
};

struct Expression {
  std::string text;
  Mark mark;
  bool empty() const { return text.empty(); }
};

struct RuleSettings {
  std::string name;
  Mark mark;
  Expression when;          // an alarm is raised when this becomes true ...
  Expression until;         // ... and cleared when this does; empty: when `when` is no longer true
  std::string severity;     // low, medium, high, critical; empty: this rule raises no alarm
  std::string text;         // of the alarm, with {device.tag} filled in
  Duration every{0};        // evaluate periodically instead of on change
  TagId set = TagId::none;  // the derived tag
  Mark set_mark;
  Expression value;  // of the derived tag
  uint64_t fingerprint = 0;
};

struct TlsSettings {
  bool on = false;
  std::string ca_file;           // empty: the system's authorities
  std::string certificate_file;  // of this client; empty: none
  std::string key_file;
};

struct MqttSettings {
  std::string host;
  uint16_t port = 1883;
  int version = 5;  // 5 falls back to 4 (MQTT 3.1.1) when the broker refuses it
  bool version_fixed = false;
  int qos = 1;
  std::string client_id;  // empty: ferrule-{gateway}
  std::string username;
  std::string password;                           // already read from its secret file
  std::string trouble;                            // why it cannot be: the session is not tried, and this is said
  Duration keep_alive{std::chrono::seconds(10)};  // a silent broker is noticed within twice that and 7 s (Paho looks rarely)
  Duration connect_timeout{std::chrono::seconds(7)};
  Duration ack_timeout{std::chrono::seconds(8)};  // no acknowledgement for this long: the link is taken for dead
  Duration retry_least{std::chrono::milliseconds(500)};
  Duration retry_most{std::chrono::seconds(8)};
  uint32_t window = 64;  // messages in flight, 1 .. 90 (Paho refuses more than 100 queued)
  TlsSettings tls;
};

struct UplinkSettings {
  std::string name;
  Mark mark;
  MqttSettings mqtt;
  std::string topic = "ferrule/v1/{gateway}/data/{device}";
  std::string history_topic;  // empty: the default layout's history/ sibling, or topic + "/history" where the user set `topic`
  std::string event_topic = "ferrule/v1/{gateway}/event/{device}";
  std::string state_topic = "ferrule/v1/{gateway}/state";
  std::string payload = "json";
  Fields payload_fields;
  Duration publish_every{0};  // 0: a message each poll
  uint64_t max_message = 256 * 1024;
  bool in_order = false;  // replay: in_order
  uint64_t fingerprint = 0;
};

struct OutboxSettings {
  std::string path;
  uint64_t max_size = 512ull << 20;
  uint64_t reserve = 0;         // bytes to leave free on the file system; 0: none
  bool thin_when_full = false;  // before the oldest goes, thin it out
  Duration max_age{std::chrono::hours(24 * 30)};
  Duration flush_after{std::chrono::seconds(1)};
  bool write_ahead = false;

  bool operator==(const OutboxSettings&) const = default;
};

struct RestSettings {
  std::string host = "127.0.0.1";
  uint16_t port = 8080;  // 0: any free one (tests)
  bool on = true;
  std::string socket;      // the Unix socket of the command line
  std::string token_file;  // in the state directory

  bool operator==(const RestSettings&) const = default;
};

struct GatewaySettings {
  std::string id;
  std::vector<ChannelSettings> channels;
  std::vector<RuleSettings> rules;
  std::vector<UplinkSettings> uplinks;
  OutboxSettings outbox;
  RestSettings rest;
  std::string log_level = "info";
};

}  // namespace ferrule

#include "config/tables.h"

#include <array>

#include "config/formats.h"

namespace ferrule::config::tables {

namespace {

using enum FieldKind;

constexpr double kDay = 86400;
constexpr double kKiB = 1024;
constexpr double kMiB = 1024 * kKiB;
constexpr double kGiB = 1024 * kMiB;

constexpr std::array<FieldSpec, 7> kRootFields{{
    {.name = "gateway", .kind = object, .help = "What this gateway is called."},
    {.name = "channels", .kind = objects, .help = "The lines and connections to field devices."},
    {.name = "rules", .kind = objects, .help = "Alarms and derived tags."},
    {.name = "uplinks", .kind = objects, .help = "Where the samples go, at most 16."},
    {.name = "outbox", .kind = object, .help = "What is kept until the uplinks have taken it."},
    {.name = "rest", .kind = object, .help = "The local REST API."},
    {.name = "log", .kind = object, .help = "What the gateway says about itself."},
}};

constexpr std::array<FieldSpec, 1> kGatewayFields{{
    {.name = "id",
     .help = "Its name in topics and payloads. Without it: the host name and six digits of the machine id.",
     .example = "plant7-line2",
     .check = check_gateway_id},
}};

constexpr std::array<FieldSpec, 2> kSickFields{{
    {.name = "after",
     .kind = integer,
     .help = "Polls in a row without an answer after which a device is only probed.",
     .example = "5",
     .initial = "3",
     .unit = "polls",
     .least = 1,
     .most = 1000},
    {.name = "probe_share",
     .kind = number,
     .help = "How much of the line's time, in percent, the probes of all silent devices may take from the others.",
     .example = "2",
     .initial = "5",
     .unit = "%",
     .least = 0.1,
     .most = 50},
}};

constexpr std::array<FieldSpec, 5> kChannelFields{{
    {.name = "name", .kind = name, .help = "Unique among the channels.", .example = "line_a", .required = true},
    {.name = "driver", .help = "The protocol it speaks.", .example = "modbus", .required = true},
    {.name = "enabled", .kind = boolean, .help = "false takes it out of service.", .initial = "true"},
    {.name = "sick", .kind = object, .help = "What becomes of devices that do not answer.", .fields = kSickFields},
    {.name = "devices", .kind = objects, .help = "The devices behind it."},
}};

constexpr FieldSpec kEvery{.name = "every",
                           .kind = duration,
                           .help = "How often tags are read.",
                           .example = "500ms",
                           .initial = "1s",
                           .least = 0.001,
                           .most = kDay};

constexpr std::array<FieldSpec, 5> kDeviceFields{{
    {.name = "name",
     .kind = name,
     .help = "Unique in the gateway. {field} stands for a field of the driver's that is written as a range.",
     .example = "meter_{unit_id}",
     .required = true},
    {.name = "profile",
     .help = "A file with the tags of this kind of device; what stands here goes before it.",
     .example = "eastron/sdm630",
     .check = check_profile_name},
    kEvery,
    {.name = "enabled", .kind = boolean, .help = "false takes it out of service.", .initial = "true"},
    {.name = "tags", .kind = objects, .help = "What is read from it."},
}};

constexpr std::array<FieldSpec, 4> kProfileFields{{
    {.name = "driver",
     .kind = texts,
     .help = "The driver that it is for, or a list of them.",
     .example = "modbus",
     .required = true},
    {.name = "about", .help = "Which devices it is for, for people.", .example = "Eastron SDM630 energy meter"},
    kEvery,
    {.name = "tags", .kind = objects, .help = "What is read from the device."},
}};

constexpr std::array<FieldSpec, 2> kRangeFields{{
    {.name = "min", .kind = number, .help = "The least, in engineering units.", .example = "20"},
    {.name = "max", .kind = number, .help = "The most, in engineering units.", .example = "90"},
}};

constexpr std::array<FieldSpec, 15> kTagFields{{
    {.name = "name",
     .kind = name,
     .help = "Unique in its device. {n} stands for the number in a row made by `count`, from 1.",
     .example = "temperature",
     .required = true},
    kEvery,
    {.name = "at_least",
     .kind = duration,
     .help = "With a deadband: forward the value after this time even when it has not changed.",
     .example = "15min",
     .least = 0.001,
     .most = 366 * kDay},
    {.name = "stale_after",
     .kind = duration,
     .help = "Without a new value for so long the last one becomes uncertain.",
     .example = "1min",
     .least = 0.001,
     .most = 366 * kDay},
    {.name = "scale", .kind = number, .help = "Engineering value = raw * scale + offset.", .example = "0.1", .initial = "1"},
    {.name = "offset", .kind = number, .help = "Engineering value = raw * scale + offset.", .example = "-40", .initial = "0"},
    {.name = "deadband",
     .help = "Forward only changes beyond this, in engineering units or in percent of the last forwarded value.",
     .example = "0.2",
     .check = check_deadband},
    {.name = "valid",
     .kind = object,
     .help = "Outside of this range a value is bad.",
     .example = "{ min: -40, max: 200 }",
     .fields = kRangeFields},
    {.name = "write",
     .kind = object,
     .help = "What a command may set: a range, or `true` for no limits. Read-only without it.",
     .example = "{ min: 20, max: 90 }"},
    {.name = "units", .help = "Shown with the value.", .example = "\"°C\""},
    {.name = "invalid",
     .kind = texts,
     .help = "Raw values by which the device says that it has none.",
     .example = "[0x8000]",
     .check = check_integer},
    {.name = "bits",
     .kind = pairs,
     .help = "Boolean tags made of its raw bits, 0 the least.",
     .example = "{ 0: running, 3: fault }"},
    {.name = "enum", .kind = pairs, .help = "What its numbers mean.", .example = "{ 0: off, 1: auto, 2: manual }"},
    {.name = "count",
     .kind = integer,
     .help = "Makes a row of so many tags at consecutive addresses.",
     .example = "500",
     .least = 1,
     .most = 100'000},
    {.name = "enabled", .kind = boolean, .help = "false takes it out of service.", .initial = "true"},
}};

constexpr std::array<std::string_view, 4> kSeverities{"low", "medium", "high", "critical"};

constexpr std::array<FieldSpec, 2> kAlarmFields{{
    {.name = "severity", .kind = choice, .help = "How bad it is.", .example = "high", .initial = "medium", .words = kSeverities},
    {.name = "text",
     .help = "What to tell people; {device.tag} is filled in. Without it: the rule's name.",
     .example = "\"Boiler at {boiler.temperature} °C\""},
}};

constexpr std::array<FieldSpec, 7> kRuleFields{{
    {.name = "name", .kind = name, .help = "Unique among the rules.", .example = "overheat", .required = true},
    {.name = "enabled", .kind = boolean, .help = "false takes it out of service.", .initial = "true"},
    {.name = "when",
     .kind = expression,
     .help = "The alarm is raised when this becomes true.",
     .example = "boiler.temperature > 85 for 10s"},
    {.name = "until",
     .kind = expression,
     .help = "The alarm is cleared when this becomes true. Without it: when `when` is no longer true.",
     .example = "boiler.temperature < 80"},
    {.name = "alarm", .kind = object, .help = "What is raised.", .example = "{ severity: high }", .fields = kAlarmFields},
    {.name = "every",
     .kind = duration,
     .help = "Evaluate in this rhythm instead of at each change.",
     .example = "15min",
     .least = 0.1,
     .most = kDay},
    {.name = "set",
     .kind = expression,
     .help = "A tag of a virtual device, and the value it gets.",
     .example = "plant.power_avg = avg(meter_1.power, 15min)",
     .check = check_assignment},
}};

constexpr std::array<std::string_view, 2> kMqttVersions{"5", "3.1.1"};

constexpr std::array<FieldSpec, 15> kMqttFields{{
    {.name = "url",
     .help = "The broker; mqtts is MQTT over TLS.",
     .example = "mqtts://broker.example:8883",
     .required = true,
     .check = check_broker_url},
    {.name = "version",
     .kind = choice,
     .help = "The version of MQTT. Without it: 5, and 3.1.1 where the broker refuses that.",
     .example = "3.1.1",
     .words = kMqttVersions},
    {.name = "qos",
     .kind = integer,
     .help = "0: at most once, what is on its way is lost with the link. 1: at least once. 2: exactly once to the broker; twice "
             "the traffic.",
     .example = "1",
     .initial = "1",
     .least = 0,
     .most = 2},
    {.name = "client_id", .help = "Unique at the broker. Without it: ferrule-{gateway}.", .example = "plant7-line2"},
    {.name = "username", .help = "The account at the broker.", .example = "plant7"},
    {.name = "password",
     .kind = secret,
     .help = "Its password.",
     .example = "!secret cloud-password",
     .check = check_secret_name},
    {.name = "keep_alive",
     .kind = duration,
     .help = "A sign of life on an idle link this often; a silent broker is noticed within twice that.",
     .initial = "10s",
     .least = 1,
     .most = 3600},
    {.name = "connect_timeout",
     .kind = duration,
     .help = "A connect gives up after this.",
     .initial = "7s",
     .least = 0.1,
     .most = 300},
    {.name = "ack_timeout",
     .kind = duration,
     .help = "Without an acknowledgement for this long the link counts as dead. After a session without any it doubles, to 24 s "
             "at most.",
     .initial = "8s",
     .least = 0.1,
     .most = 3600},
    {.name = "retry_least",
     .kind = duration,
     .help = "The pause after the first failed connect; it doubles.",
     .initial = "500ms",
     .least = 0.01,
     .most = 3600},
    {.name = "retry_most", .kind = duration, .help = "The longest pause.", .initial = "8s", .least = 0.01, .most = 3600},
    {.name = "window",
     .kind = integer,
     .help = "Messages on their way at a time.",
     .initial = "64",
     .unit = "messages",
     .least = 1,
     .most = 90},
    {.name = "ca",
     .help = "File with the authorities to trust. Without it: the system's.",
     .example = "/etc/ferrule/tls/broker-ca.pem"},
    {.name = "certificate", .help = "File with this client's certificate.", .example = "/etc/ferrule/tls/client.pem"},
    {.name = "key",
     .help = "File with this client's private key, which the group ferrule can read (0640).",
     .example = "/etc/ferrule/tls/client.key"},
}};

constexpr std::array<std::string_view, 2> kReplay{"live_first", "in_order"};

constexpr std::array<FieldSpec, 12> kUplinkFields{{
    {.name = "name", .kind = name, .help = "Unique among the uplinks.", .example = "cloud", .required = true},
    {.name = "enabled", .kind = boolean, .help = "false takes it out of service; its backlog is dropped.", .initial = "true"},
    {.name = "mqtt",
     .kind = object,
     .help = "The broker.",
     .example = "{ url: \"mqtts://broker.example:8883\" }",
     .required = true,
     .fields = kMqttFields},
    {.name = "topic",
     .help = "Where data goes. {gateway} and {device} are filled in.",
     .example = "\"plant/{gateway}/{device}\"",
     .initial = "ferrule/v1/{gateway}/data/{device}",
     .check = check_topic},
    {.name = "history_topic",
     .help = "Where the backlog goes. Without it: `topic` with /history appended, or ferrule/v1/{gateway}/history/{device}.",
     .example = "\"plant/{gateway}/{device}/late\"",
     .check = check_topic},
    {.name = "event_topic",
     .help = "Where alarms and losses go.",
     .initial = "ferrule/v1/{gateway}/event/{device}",
     .check = check_topic},
    {.name = "state_topic",
     .help = "Where online and offline is told, retained; a device's own state goes to /{device} below it.",
     .initial = "ferrule/v1/{gateway}/state",
     .check = check_state_topic},
    {.name = "payload",
     .kind = object,
     .help = "The format: its name, or `{ type: json, ... }` with the format's fields.",
     .example = "json"},
    {.name = "publish",
     .kind = object,
     .help = "each_poll: a message each poll. `{ every: 5s }`: fewer, larger messages.",
     .example = "each_poll"},
    {.name = "every",
     .kind = duration,
     .help = "The same as `publish: { every: 5s }`.",
     .example = "5s",
     .least = 0.01,
     .most = kDay},
    {.name = "max_message",
     .kind = size,
     .help = "A larger message is sent in parts.",
     .initial = "256KiB",
     .least = kKiB,
     .most = 16 * kMiB},
    {.name = "replay",
     .kind = choice,
     .help =
         "live_first: after an outage new data goes first, the backlog follows on its own topic. in_order: one topic, in order.",
     .initial = "live_first",
     .words = kReplay},
}};

constexpr std::array<FieldSpec, 1> kPayloadFields{{
    {.name = "type", .help = "The name of the format.", .example = "json", .required = true},
}};

constexpr std::array<FieldSpec, 1> kPublishFields{{
    {.name = "every",
     .kind = duration,
     .help = "A message this often, with all that came since.",
     .example = "5s",
     .least = 0.01,
     .most = kDay,
     .required = true},
}};

constexpr std::array<std::string_view, 2> kWriteModes{"behind", "ahead"};

constexpr std::array<std::string_view, 2> kWhenFull{"drop_oldest", "thin"};

constexpr std::array<FieldSpec, 7> kOutboxFields{{
    {.name = "path",
     .help = "Its file. Without it: outbox.db in the state directory. Elsewhere the service needs leave to write: see "
             "/usr/share/doc/ferrule/examples/systemd/outbox-disk.conf.",
     .example = "/var/lib/ferrule/outbox.db"},
    {.name = "max_size",
     .kind = size,
     .help = "The file's limit; beyond it the oldest data goes, and a loss record says so.",
     .initial = "512MiB",
     .least = kMiB,
     .most = 1024 * kGiB},
    {.name = "reserve",
     .kind = size,
     .help = "Bytes to leave free on its file system: with less, what is read waits in memory, and when that is full the oldest "
             "goes.",
     .initial = "32MiB",
     .least = 0,
     .most = 1024 * kGiB},
    {.name = "when_full",
     .kind = choice,
     .help = "thin: before the oldest data goes, it is thinned out to the first, last, least and greatest value of each minute.",
     .initial = "drop_oldest",
     .words = kWhenFull},
    {.name = "max_age", .kind = duration, .help = "Older data goes.", .initial = "30d", .least = 60, .most = 3660 * kDay},
    {.name = "flush_after",
     .kind = duration,
     .help = "What is not acknowledged after this is written to disk.",
     .initial = "1s",
     .least = 0.01,
     .most = 3600},
    {.name = "write",
     .kind = choice,
     .help = "ahead: every record is on disk before it is sent. behind: only what is not acknowledged in time.",
     .initial = "behind",
     .words = kWriteModes},
}};

constexpr std::array<FieldSpec, 4> kRestFields{{
    {.name = "enabled", .kind = boolean, .help = "false: no TCP port.", .initial = "true"},
    {.name = "listen", .help = "Address and port.", .initial = "127.0.0.1:8080", .check = check_listen},
    {.name = "socket",
     .help = "The Unix socket of the command line. Without it: ferrule.sock in the runtime directory.",
     .example = "/run/ferrule/ferrule.sock"},
    {.name = "token_file",
     .help = "Holds the token for writing over TCP. Without it: token in the state directory.",
     .example = "/var/lib/ferrule/token"},
}};

constexpr std::array<std::string_view, 4> kLevels{"debug", "info", "warning", "error"};

constexpr std::array<FieldSpec, 1> kLogFields{{
    {.name = "level", .kind = choice, .help = "The least that is said.", .initial = "info", .words = kLevels},
}};

}  // namespace

const std::span<const FieldSpec> kRoot = kRootFields;
const std::span<const FieldSpec> kGateway = kGatewayFields;
const std::span<const FieldSpec> kChannel = kChannelFields;
const std::span<const FieldSpec> kDevice = kDeviceFields;
const std::span<const FieldSpec> kProfile = kProfileFields;
const std::span<const FieldSpec> kTag = kTagFields;
const std::span<const FieldSpec> kRange = kRangeFields;
const std::span<const FieldSpec> kRule = kRuleFields;
const std::span<const FieldSpec> kUplink = kUplinkFields;
const std::span<const FieldSpec> kPayload = kPayloadFields;
const std::span<const FieldSpec> kPublish = kPublishFields;
const std::span<const FieldSpec> kOutbox = kOutboxFields;
const std::span<const FieldSpec> kRest = kRestFields;
const std::span<const FieldSpec> kLog = kLogFields;

}  // namespace ferrule::config::tables

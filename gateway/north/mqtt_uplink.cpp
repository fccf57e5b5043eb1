#include "north/mqtt_uplink.h"

#include <algorithm>
#include <chrono>
#include <mutex>

#include "north/mqtt_reason.h"
#include "north/state_text.h"
#include "north/tls_objection.h"
#include "north/topics.h"

namespace ferrule {

namespace {

using namespace std::chrono_literals;

constexpr int kBuffered = 1000;  // commands that Paho may hold; the window is far below
constexpr uint32_t kQos2Window = 20;
constexpr int kNoReason = 0x80;  // below: success

std::string server_uri(const MqttSettings& mqtt) {
  const bool ipv6 = mqtt.host.find(':') != std::string::npos;
  const std::string host = ipv6 ? "[" + mqtt.host + "]" : mqtt.host;
  return (mqtt.tls.on ? "ssl://" : "tcp://") + host + ":" + std::to_string(mqtt.port);
}

std::string client_id(const UplinkSettings& settings, const std::string& gateway) {
  return settings.mqtt.client_id.empty() ? "ferrule-" + gateway : settings.mqtt.client_id;
}

int paho_version(const MqttSettings& mqtt) { return mqtt.version >= 5 ? MQTTVERSION_5 : MQTTVERSION_3_1_1; }

// Room for the fixed header, the topic and the properties in the broker's largest packet.
size_t payload_room(uint32_t largest_packet, size_t longest_topic) {
  const size_t overhead = longest_topic + 32;
  return largest_packet > overhead ? largest_packet - overhead : 1;
}

// Paho C++ 1.2 tells the text of a failure only by throwing it.
std::string failure_text(const mqtt::token& token) {
  try {
    token.get_connect_response();
  } catch (const mqtt::exception& error) {
    return error.what();
  }
  return "no connection";
}

// With {gateway} and the longest device name filled in.
size_t longest_topic(const UplinkSettings& settings, const std::string& gateway) {
  constexpr size_t kLongestName = 64;
  return std::max({settings.topic.size() + std::string_view("/history").size(), settings.history_topic.size(),
                   settings.event_topic.size(), settings.state_topic.size()}) +
         gateway.size() + kLongestName;
}

template <class Time>
std::chrono::milliseconds left(Time deadline, Time now) {
  return std::max(0ms, std::chrono::duration_cast<std::chrono::milliseconds>(deadline - now));
}

// OpenSSL 3 initialises itself when it is first used. Paho would have it done for plain clients too, which touches 2 MB of it.
void leave_openssl_asleep() {
  static std::once_flag once;
  std::call_once(once, [] {
    MQTTAsync_init_options options = MQTTAsync_init_options_initializer;
    options.do_openssl_init = 0;
    MQTTAsync_global_init(&options);
  });
}

}  // namespace

MqttUplink::MqttUplink(const UplinkSettings& settings, const UplinkContext& context, UplinkEvents& events)
    : settings_(settings),
      gateway_(context.gateway),
      boot_(context.boot),
      clock_(context.clock),
      longest_topic_(longest_topic(settings, context.gateway)),
      will_topic_(Topics(settings, context.gateway, context.names).state()),
      events_(events),
      version_(paho_version(settings.mqtt)) {}

MqttUplink::~MqttUplink() { disconnect({}, clock_.now() + 1s); }

Status MqttUplink::create() {
  leave_openssl_asleep();
  try {
    const mqtt::create_options options(version_, kBuffered);
    client_ = std::make_unique<mqtt::async_client>(server_uri(settings_.mqtt), client_id(settings_, gateway_), options, nullptr);
    client_->set_callback(link_listener_);
    client_->set_disconnected_handler([this](const mqtt::properties&, mqtt::ReasonCode code) { lose(refusal_of(code)); });
  } catch (const std::exception& error) {
    return {Fault::invalid, std::string("MQTT client: ") + error.what()};
  }
  return {};
}

mqtt::ssl_options MqttUplink::tls_options() const {
  const TlsSettings& tls = settings_.mqtt.tls;
  mqtt::ssl_options options;
  options.set_enable_server_cert_auth(true);
  options.set_verify(true);  // the certificate is for this host
  if (!tls.ca_file.empty()) options.set_trust_store(tls.ca_file);
  if (!tls.certificate_file.empty()) options.set_key_store(tls.certificate_file);
  if (!tls.key_file.empty()) options.set_private_key(tls.key_file);
  return options;
}

mqtt::connect_options MqttUplink::connect_options() const {
  const MqttSettings& mqtt_settings = settings_.mqtt;
  mqtt::connect_options options;
  options.set_mqtt_version(version_);
  if (version_ >= MQTTVERSION_5) {
    options.set_clean_session(false);  // its default, which Paho refuses for MQTT 5
    options.set_clean_start(true);
  } else {
    options.set_clean_session(true);
  }
  const auto seconds = [](Duration duration) {
    return static_cast<int>(std::max<int64_t>(1, std::chrono::duration_cast<std::chrono::seconds>(duration).count()));
  };
  options.set_keep_alive_interval(seconds(mqtt_settings.keep_alive));
  options.set_connect_timeout(seconds(mqtt_settings.connect_timeout));
  options.set_automatic_reconnect(false);
  options.set_max_inflight(static_cast<int>(mqtt_settings.window) + 8);
  if (!mqtt_settings.username.empty()) options.set_user_name(mqtt_settings.username);
  if (!mqtt_settings.password.empty()) options.set_password(mqtt_settings.password);
  options.set_will_message(mqtt::message(will_topic_, lost_text(gateway_, boot_), std::min(1, mqtt_settings.qos), true));
  return options;
}

void MqttUplink::connect() {
  bool stale = false;
  bool in_doubt = false;
  {
    const std::lock_guard guard(lock_);
    stale = state_ != State::idle;
    in_doubt = tls_in_doubt_;
  }
  if (stale) close(clock_.now() + 1s);
  {
    const std::lock_guard guard(lock_);
    state_ = State::connecting;
    tls_in_doubt_ = false;
  }
  if (!settings_.mqtt.trouble.empty()) return lose({Fault::invalid, settings_.mqtt.trouble});
  if (in_doubt) {
    const std::string objection = tls_objection(settings_.mqtt);
    if (!objection.empty()) return lose({Fault::refused, "TLS: " + objection});
  }
  try {
    mqtt::connect_options options = connect_options();
    if (settings_.mqtt.tls.on) options.set_ssl(tls_options());
    client_->connect(std::move(options), nullptr, connect_listener_);
  } catch (const std::exception& error) {
    lose({Fault::disconnected, error.what()});
  }
}

void MqttUplink::connect_succeeded(const mqtt::token& token) {
  LinkLimits limits;
  // MQTT 3.1.1 has no receive maximum to tell, but brokers have one: mosquitto breaks the link at the 21st unfinished QoS 2.
  if (settings_.mqtt.qos == 2 && version_ < MQTTVERSION_5) limits.in_flight = kQos2Window;
  try {
    const mqtt::properties properties = token.get_connect_response().get_properties();
    if (properties.contains(mqtt::property::MAXIMUM_PACKET_SIZE)) {
      const auto packet = mqtt::get<uint32_t>(properties, mqtt::property::MAXIMUM_PACKET_SIZE);
      limits.payload = payload_room(packet, longest_topic_);
    }
    if (properties.contains(mqtt::property::RECEIVE_MAXIMUM)) {
      limits.in_flight = std::max<uint32_t>(1, mqtt::get<uint16_t>(properties, mqtt::property::RECEIVE_MAXIMUM));
    }
  } catch (const std::exception&) {
    // MQTT 3.1.1 answers have no properties; what cannot be read sets no limit.
  }
  limits_.with([&](LinkLimits& now) { now = limits; });
  const std::lock_guard guard(lock_);
  if (state_ != State::connecting) return;
  state_ = State::up;
  events_.connected();
}

void MqttUplink::connect_failed(const mqtt::token& token) { lose(why_not_connected(token)); }

Status MqttUplink::why_not_connected(const mqtt::token& token) {
  // Paho hands on the CONNACK's code as the return code, whatever the version.
  const int code = token.get_return_code();
  const std::lock_guard guard(lock_);
  if (wrong_version(code) && version_ >= MQTTVERSION_5 && !settings_.mqtt.version_fixed) {
    version_ = MQTTVERSION_3_1_1;
    return {Fault::disconnected, static_cast<uint16_t>(code), "the broker does not speak MQTT 5: going on with 3.1.1"};
  }
  if (code > 0) return refusal_of(code);
  tls_in_doubt_ = settings_.mqtt.tls.on;  // Paho does not say what was wrong
  return {Fault::disconnected, failure_text(token)};
}

void MqttUplink::lose(Status why) {
  const std::lock_guard guard(lock_);
  if (state_ == State::idle) return;
  state_ = State::idle;
  tokens_.clear();
  events_.lost(std::move(why));
}

Status MqttUplink::publish(const Publication& publication, uint64_t token) {
  uintptr_t context = 0;
  {
    const std::lock_guard guard(lock_);
    if (state_ != State::up) return {Fault::disconnected, "not connected"};
    context = next_context_++;
    tokens_.emplace(context, token);
  }
  try {
    client_->publish(mqtt::make_message(publication.topic, publication.payload, publication.qos, publication.retain),
                     reinterpret_cast<void*>(context), publish_listener_);
    return {};
  } catch (const mqtt::exception& error) {
    const std::lock_guard guard(lock_);
    tokens_.erase(context);
    const int code = error.get_return_code();
    if (code == MQTTASYNC_DISCONNECTED) return {Fault::disconnected, "not connected"};
    if (code == MQTTASYNC_MAX_BUFFERED_MESSAGES || code == MQTTASYNC_NO_MORE_MSGIDS) return {Fault::full, error.what()};
    return {code == MQTTASYNC_BAD_UTF8_STRING ? Fault::invalid : Fault::io, error.what()};
  } catch (const std::exception& error) {
    const std::lock_guard guard(lock_);
    tokens_.erase(context);
    return {Fault::io, error.what()};
  }
}

void MqttUplink::published(const mqtt::token& token, bool success) {
  const int reason = success ? 0 : static_cast<int>(token.get_reason_code());
  // A failure without a broker's reason is Paho giving up what was in flight when the link broke: lost() answers for it.
  if (!success && (reason < kNoReason || reason == mqtt::ReasonCode::MQTTPP_V3_CODE)) return;
  const std::lock_guard guard(lock_);
  const auto found = tokens_.find(reinterpret_cast<uintptr_t>(token.get_user_context()));
  if (found == tokens_.end()) return;
  const uint64_t ours = found->second;
  tokens_.erase(found);
  events_.settled(ours, settlement_of(reason), reason == 0 ? std::string() : reason_text(reason));
}

void MqttUplink::disconnect(const Publication& farewell, Deadline deadline) {
  bool up = false;
  {
    const std::lock_guard guard(lock_);
    up = state_ == State::up;
  }
  if (up && !farewell.topic.empty()) say_farewell(farewell, deadline);
  close(deadline);
}

void MqttUplink::say_farewell(const Publication& farewell, Deadline deadline) {
  try {
    const auto sent = client_->publish(mqtt::make_message(farewell.topic, farewell.payload, farewell.qos, farewell.retain));
    // A little of the time is for closing.
    sent->wait_for(left(deadline, clock_.now()) * 3 / 4);
  } catch (const std::exception&) {
    // The link is gone: the broker publishes the will instead.
  }
}

// Ends the connection, or the attempt; nothing is reported any more.
void MqttUplink::close(Deadline deadline) {
  {
    const std::lock_guard guard(lock_);
    state_ = State::idle;
    tokens_.clear();
  }
  if (client_ == nullptr) return;
  try {
    // Time-out 0: what is in flight is settled or not, Paho need not wait for it (it would look every 3 s).
    client_->disconnect(0)->wait_for(left(deadline, clock_.now()));
  } catch (const std::exception&) {
    // Not connected: nothing to close.
  }
}

Result<std::unique_ptr<Uplink>> make_mqtt_uplink(const UplinkSettings& settings, const UplinkContext& context,
                                                 UplinkEvents& events) {
  auto uplink = std::make_unique<MqttUplink>(settings, context, events);
  if (Status status = uplink->create(); !status) return status;
  return std::unique_ptr<Uplink>(std::move(uplink));
}

}  // namespace ferrule

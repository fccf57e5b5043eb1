// MQTT on Eclipse Paho C++. One client object for the life of the uplink; our own state machine connects again, never Paho's.
//
// What Paho does on its threads (one to send, one to receive, for the whole process) arrives in the listeners below; they look up
// the token under our lock and report, which is a post to the runner's queue. The lock also keeps the promise of UplinkEvents:
// after lost() nothing of that session is reported.
//
// The window must not exceed the broker's receive maximum (see limits()): Paho would hold the rest back and look again only once
// a second. When the broker says DISCONNECT (MQTT 5), Paho calls the disconnected handler and not connection_lost.
//
// Limits of Paho C 1.3.12 that show through: a wake-up of its sending thread can get lost, then a message waits up to 1 s (seen
// where the same process also subscribes); a PUBACK's reason below 0x80 is not handed on, so "no matching subscriber" (0x10)
// cannot be told from delivered; messages that Paho still had in its own queue when a link broke are sent again after the next
// connect, as repeats with the same (boot, seq); getaddrinfo runs under a lock that all clients share.
// Paho obeys the environment's http_proxy for plain TCP: the process must start without it.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>

#include <mqtt/async_client.h>

#include "core/guarded.h"
#include "north/uplink_runner.h"

namespace ferrule {

class MqttUplink final : public Uplink {
 public:
  MqttUplink(const UplinkSettings& settings, const UplinkContext& context, UplinkEvents& events);
  ~MqttUplink() override;

  Status create();  // the client; once, before anything else

  void connect() override;
  Status publish(const Publication& publication, uint64_t token) override;
  LinkLimits limits() const override { return limits_.copy(); }
  void disconnect(const Publication& farewell, Deadline deadline) override;

 private:
  enum class State { idle, connecting, up };

  struct ConnectListener final : mqtt::iaction_listener {
    explicit ConnectListener(MqttUplink& of) : uplink(of) {}
    void on_success(const mqtt::token& token) override { uplink.connect_succeeded(token); }
    void on_failure(const mqtt::token& token) override { uplink.connect_failed(token); }
    MqttUplink& uplink;
  };
  struct PublishListener final : mqtt::iaction_listener {
    explicit PublishListener(MqttUplink& of) : uplink(of) {}
    void on_success(const mqtt::token& token) override { uplink.published(token, true); }
    void on_failure(const mqtt::token& token) override { uplink.published(token, false); }
    MqttUplink& uplink;
  };
  struct LinkListener final : mqtt::callback {
    explicit LinkListener(MqttUplink& of) : uplink(of) {}
    void connection_lost(const std::string&) override { uplink.lose({Fault::disconnected, "the connection broke"}); }
    MqttUplink& uplink;
  };

  mqtt::connect_options connect_options() const;
  mqtt::ssl_options tls_options() const;

  void connect_succeeded(const mqtt::token& token);
  void connect_failed(const mqtt::token& token);
  void published(const mqtt::token& token, bool success);
  Status why_not_connected(const mqtt::token& token);
  void lose(Status why);  // reports, once per session or attempt
  void say_farewell(const Publication& farewell, Deadline deadline);
  void close(Deadline deadline);

  const UplinkSettings settings_;
  const std::string gateway_;
  const uint64_t boot_;
  const Clock& clock_;
  const size_t longest_topic_;
  const std::string will_topic_;
  UplinkEvents& events_;
  int version_;  // that the next attempt uses; guarded by lock_
  Guarded<LinkLimits> limits_;

  std::mutex lock_;  // guards what follows; taken in Paho's callbacks, never held while calling Paho
  State state_ = State::idle;
  std::unordered_map<uintptr_t, uint64_t> tokens_;  // Paho's user context -> our token
  uintptr_t next_context_ = 1;
  bool tls_in_doubt_ = false;  // the last attempt failed and TLS may be why: look before the next

  ConnectListener connect_listener_{*this};
  PublishListener publish_listener_{*this};
  LinkListener link_listener_{*this};
  std::unique_ptr<mqtt::async_client> client_;  // last: goes first
};

}  // namespace ferrule

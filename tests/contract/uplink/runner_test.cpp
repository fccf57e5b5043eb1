// The runner with the MQTT transport and the JSON encoder against brokers: nothing is lost, whatever the link does.
#include <gtest/gtest.h>

#include <set>

#include "sdk/encoder.h"
#include "tests/contract/uplink/listener.h"
#include "tests/contract/uplink/log_in_memory.h"
#include "tests/contract/uplink/setup.h"
#include "tests/fakes/mosquitto.h"
#include "tests/fakes/scripted_broker.h"

namespace ferrule {

extern const EncoderType k_payload_json_encoder;

namespace {

using namespace std::chrono_literals;

constexpr const char* kState = "ferrule/v1/plant7/state";
constexpr const char* kData = "ferrule/v1/plant7/data/boiler";
constexpr const char* kHistory = "ferrule/v1/plant7/history/boiler";

// A gateway of one device and one uplink, without the rest.
class Gateway {
 public:
  explicit Gateway(uint16_t port, int version = 5, int qos = 1) : setup(port, version, qos) {
    setup.settings.mqtt.ack_timeout = 20s;
  }
  ~Gateway() {
    if (runner) runner->stop(setup.in(5s));
  }

  void start() {
    auto encoder = k_payload_json_encoder.build(Fields(), {.gateway = "plant7", .names = setup.names});
    UplinkContext context = setup.context();
    context.say = [this](bool problem, const std::string& text) {
      {
        const std::lock_guard guard(lock_);
        said_.push_back((problem ? "!" : "ok ") + text);
      }
      changed_.notify_all();
    };
    runner =
        std::make_unique<UplinkRunner>(setup.settings, std::move(context), std::move(encoder).value(), make_mqtt_uplink, log);
    log.serve(*runner);
    runner->start();
  }

  // The session that took it, 0: backlog.
  uint32_t poll() {
    const DeviceId boiler = setup.names.device("boiler");
    const MonoTime now = setup.clock.now();
    Record record{.device = boiler,
                  .read_at = now,
                  .timestamp = setup.clock.wall(),
                  .body = Samples{{.value = 81.4, .read_at = now, .tag = setup.names.tag(boiler, "temperature")}}};
    ++appended;
    return log.append({std::make_shared<const Record>(std::move(record)), appended, 17, appended});
  }

  bool wait_said(const std::string& part) {
    std::unique_lock guard(lock_);
    return changed_.wait_for(guard, 30s, [&] {
      return std::any_of(said_.begin(), said_.end(), [&](const auto& line) { return line.find(part) != std::string::npos; });
    });
  }

  UplinkSetup setup;
  LogInMemory log;
  std::unique_ptr<UplinkRunner> runner;
  uint64_t appended = 0;

 private:
  std::mutex lock_;
  std::condition_variable changed_;
  std::vector<std::string> said_;
};

uint64_t seq_of(const std::string& payload) {
  const size_t at = payload.find(R"("seq":)");
  return at == std::string::npos ? 0 : std::stoull(payload.substr(at + 6));
}

std::vector<uint64_t> seqs(const std::vector<Listener::Message>& heard, const std::string& topic) {
  std::vector<uint64_t> found;
  for (const auto& message : heard) {
    if (message.topic == topic) found.push_back(seq_of(message.payload));
  }
  return found;
}

TEST(Runner, what_was_read_while_the_broker_was_away_follows_as_history_in_order_and_live_goes_at_once) {
  Mosquitto broker;
  broker.kill();
  Gateway gateway(broker.port());
  gateway.start();
  ASSERT_TRUE(gateway.wait_said("cannot connect"));
  for (int i = 0; i < 300; ++i) EXPECT_EQ(gateway.poll(), 0u);
  broker.start_again();
  Listener listener(broker.port());
  ASSERT_TRUE(listener.hear(kState, "online"));
  EXPECT_NE(gateway.poll(), 0u);
  ASSERT_TRUE(gateway.log.wait_all_settled(301));
  ASSERT_TRUE(listener.hear([](const auto& heard) { return heard.size() >= 302; }));
  EXPECT_EQ(seqs(listener.heard(), kData), std::vector<uint64_t>{301});
  const auto history = seqs(listener.heard(), kHistory);
  ASSERT_EQ(history.size(), 300u);
  EXPECT_TRUE(std::is_sorted(history.begin(), history.end()));
  for (const auto& message : listener.heard()) {
    EXPECT_EQ(message.payload.find(R"("historical":true)") != std::string::npos, message.topic == kHistory) << message.payload;
  }
  EXPECT_TRUE(gateway.runner->status().connected);
  EXPECT_EQ(gateway.runner->status().trouble, "");
  gateway.runner->stop(gateway.setup.in(5s));
  EXPECT_EQ(gateway.runner->status().samples_settled, 301u);
}

// The broker breaks the gateway's link because somebody else comes with its client id.
void break_link(uint16_t port) {
  const std::string command = "mosquitto_pub -h 127.0.0.1 -i ferrule-plant7 -t thief -m x -p " + std::to_string(port);
  EXPECT_EQ(std::system(command.c_str()), 0);
}

class RunnerFlaps : public testing::TestWithParam<std::tuple<int, int>> {};

TEST_P(RunnerFlaps, every_record_arrives_however_often_the_link_breaks) {
  const auto [version, qos] = GetParam();
  Mosquitto broker({"max_queued_messages 0"});
  Listener listener(broker.port());
  Gateway gateway(broker.port(), version, qos);
  gateway.start();
  ASSERT_TRUE(listener.hear(kState, "online"));
  constexpr int kBreaks = 4;
  size_t online = 1;
  for (int i = 0; i < kBreaks; ++i) {
    for (int record = 0; record < 200; ++record) gateway.poll();
    break_link(broker.port());
    for (int record = 0; record < 50; ++record) gateway.poll();
    ++online;
    ASSERT_TRUE(listener.hear([&](const auto& heard) {
      return static_cast<size_t>(std::count_if(heard.begin(), heard.end(), [](const auto& message) {
               return message.topic == kState && message.payload.find("online") != std::string::npos;
             })) >= online;
    }));
  }
  const size_t count = gateway.appended;
  ASSERT_TRUE(gateway.log.wait_all_settled(count));
  std::set<uint64_t> distinct;
  // With QoS 0 a record that was written as the link broke may be gone: nobody acknowledged it.
  const size_t least = qos == 0 ? 1 : count;
  ASSERT_TRUE(listener.hear([&](const auto& heard) {
    distinct.clear();
    for (const auto& message : heard) {
      if (const uint64_t seq = seq_of(message.payload); seq != 0) distinct.insert(seq);
    }
    return distinct.size() >= least;
  }));
  const size_t repeats = seqs(listener.heard(), kData).size() + seqs(listener.heard(), kHistory).size() - distinct.size();
  EXPECT_LE(repeats, 64u * kBreaks);
  EXPECT_EQ(gateway.runner->status().connects, static_cast<uint64_t>(kBreaks) + 1);
}

INSTANTIATE_TEST_SUITE_P(VersionsAndQos, RunnerFlaps, testing::Combine(testing::Values(4, 5), testing::Values(0, 1, 2)),
                         [](const auto& of) {
                           return "mqtt" + std::to_string(std::get<0>(of.param)) + "_qos" + std::to_string(std::get<1>(of.param));
                         });

TEST(Runner, a_stop_says_offline_and_releases_the_session) {
  Mosquitto broker;
  Listener listener(broker.port(), kState);
  Gateway gateway(broker.port());
  gateway.start();
  ASSERT_TRUE(listener.hear(kState, "online"));
  gateway.runner->stop(gateway.setup.in(10s));
  EXPECT_TRUE(listener.hear(kState, R"("state":"offline","boot":17,"timestamp":)"));
  EXPECT_NE(listener.heard().back().payload.find("stopped"), std::string::npos);
  EXPECT_EQ(gateway.log.released_now(), 1u);
  EXPECT_FALSE(gateway.runner->status().connected);
}

TEST(Runner, a_stop_without_a_broker_ends_by_the_deadline) {
  Mosquitto broker;
  broker.kill();
  Gateway gateway(broker.port());
  gateway.start();
  ASSERT_TRUE(gateway.wait_said("cannot connect"));
  gateway.runner->stop(gateway.setup.in(5s));
  EXPECT_EQ(gateway.log.released_now(), 0u);  // there never was a session
}

TEST(Runner, device_states_are_retained_under_the_state_topic) {
  Mosquitto broker;
  Gateway gateway(broker.port());
  gateway.start();
  gateway.runner->device_state(gateway.setup.names.device("boiler"), {false, Reason::timeout, "no answer"});
  Listener listener(broker.port(), std::string(kState) + "/+");
  ASSERT_TRUE(listener.hear(std::string(kState) + "/boiler", R"("state":"offline")"));
  Listener late(broker.port(), std::string(kState) + "/+");
  EXPECT_TRUE(late.hear(std::string(kState) + "/boiler", R"("reason":"timeout")"));
}

TEST(Runner, a_broker_that_acknowledges_nothing_is_left_and_joined_again) {
  std::atomic<int> sessions{0};
  ScriptedBroker broker({.on_connect =
                             [&](int version) {
                               ++sessions;
                               return ScriptedBroker::Reply{ScriptedBroker::connack(version, 0)};
                             },
                         .on_publish =
                             [&](const ScriptedBroker::Published& message) {
                               return ScriptedBroker::Reply{sessions == 1 ? "" : ScriptedBroker::puback(message, 0)};
                             }});
  Gateway gateway(broker.port());
  gateway.setup.settings.mqtt.ack_timeout = 1s;
  gateway.start();
  gateway.poll();
  ASSERT_TRUE(gateway.wait_said("no acknowledgement"));
  for (int i = 0; i < 100; ++i) gateway.poll();
  ASSERT_TRUE(gateway.log.wait_all_settled(101));
  EXPECT_EQ(sessions, 2);
  ASSERT_TRUE(gateway.wait_said("ok connected"));
}

TEST(Runner, a_refusal_is_told_and_not_asked_again_at_once) {
  ScriptedBroker broker(
      {.on_connect = [](int version) { return ScriptedBroker::Reply{ScriptedBroker::connack(version, 0x87)}; }});
  Gateway gateway(broker.port());
  gateway.start();
  ASSERT_TRUE(gateway.wait_said("not authorised"));
  EXPECT_EQ(gateway.poll(), 0u);
  gateway.runner->stop(gateway.setup.in(5s));
  EXPECT_EQ(broker.connects().size(), 1u);
}

TEST(Runner, records_are_split_to_fit_the_brokers_largest_packet) {
  const std::string largest("\x27\x00\x00\x04\x00", 5);  // 1024
  ScriptedBroker broker(
      {.on_connect = [=](int version) { return ScriptedBroker::Reply{ScriptedBroker::connack(version, 0, largest)}; }});
  Gateway gateway(broker.port());
  gateway.start();
  const DeviceId boiler = gateway.setup.names.device("boiler");
  Samples samples;
  for (int i = 0; i < 200; ++i) {
    const TagId tag = gateway.setup.names.tag(boiler, "tag_" + std::to_string(i));
    samples.push_back({.value = 1.5 * i, .read_at = gateway.setup.clock.now(), .tag = tag});
  }
  Record record{.device = boiler, .read_at = gateway.setup.clock.now(), .timestamp = {}, .body = std::move(samples)};
  gateway.log.append({std::make_shared<const Record>(std::move(record)), 1, 17, 1});
  ASSERT_TRUE(gateway.log.wait_all_settled(1));
  const auto published = broker.published();
  EXPECT_GT(published.size(), 4u);
  for (const auto& message : published) EXPECT_LE(message.packet_bytes, 1024u);
}

}  // namespace
}  // namespace ferrule

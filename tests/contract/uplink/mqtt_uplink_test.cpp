// The contract of Uplink, kept by the MQTT transport against a real broker, for both versions and each QoS.
#include <gtest/gtest.h>

#include "tests/contract/uplink/listener.h"
#include "tests/contract/uplink/recorder.h"
#include "tests/contract/uplink/setup.h"
#include "tests/fakes/mosquitto.h"

namespace ferrule {
namespace {

using namespace std::chrono_literals;

class MqttUplinkContract : public testing::TestWithParam<std::tuple<int, int>> {
 protected:
  Mosquitto broker{{"max_queued_messages 0", "max_inflight_messages 0"}};
  UplinkSetup setup{broker.port(), std::get<0>(GetParam()), std::get<1>(GetParam())};
  Recorder recorder;

  Publication message(int number, const std::string& topic = "t") const {
    return {topic, "message " + std::to_string(number), setup.settings.mqtt.qos, false};
  }
};

TEST_P(MqttUplinkContract, each_publish_settles_exactly_once_and_is_heard) {
  Listener listener(broker.port(), "t");
  const auto uplink = setup.make(recorder);
  uplink->connect();
  ASSERT_TRUE(recorder.wait_connected());
  constexpr uint64_t kCount = 80;
  for (uint64_t token = 1; token <= kCount; ++token) {
    ASSERT_TRUE(uplink->publish(message(static_cast<int>(token)), token).ok());
  }
  ASSERT_TRUE(recorder.wait_answers(kCount));
  ASSERT_TRUE(listener.hear([](const auto& heard) { return heard.size() >= kCount; }));
  uplink->disconnect({}, setup.in(5s));
  const auto seen = recorder.seen();
  EXPECT_EQ(seen.settled.size(), kCount);
  for (const auto& [token, settlements] : seen.settled) {
    EXPECT_EQ(settlements, std::vector{Settlement::delivered}) << token;
  }
  EXPECT_TRUE(seen.losses.empty());
  for (size_t i = 0; i < kCount; ++i) EXPECT_EQ(listener.heard()[i].payload, "message " + std::to_string(i + 1));
}

TEST_P(MqttUplinkContract, a_publish_without_a_link_says_so_and_is_not_answered) {
  const auto uplink = setup.make(recorder);
  const Status status = uplink->publish(message(1), 1);
  EXPECT_EQ(status.fault(), Fault::disconnected);
  EXPECT_EQ(recorder.seen().answers(), 0u);
}

TEST_P(MqttUplinkContract, a_killed_broker_is_lost_once_and_nothing_of_that_session_is_answered_later) {
  const auto uplink = setup.make(recorder);
  uplink->connect();
  ASSERT_TRUE(recorder.wait_connected());
  broker.freeze();
  uint64_t token = 1;
  for (; token <= 50; ++token) {
    if (!uplink->publish(message(static_cast<int>(token)), token).ok()) break;
  }
  broker.kill();
  ASSERT_TRUE(recorder.wait_lost());
  const size_t answered = recorder.seen().answers();  // with QoS 0 those that were written
  broker.start_again();
  uplink->connect();
  ASSERT_TRUE(recorder.wait_connected(2));
  ASSERT_TRUE(uplink->publish(message(1000), 1000).ok());
  ASSERT_TRUE(recorder.wait([](const auto& seen) { return seen.settled.contains(1000); }));
  uplink->disconnect({}, setup.in(5s));
  const auto seen = recorder.seen();
  EXPECT_EQ(seen.losses.size(), 1u);
  EXPECT_EQ(seen.answers(), answered + 1);
  for (const auto& [number, settlements] : seen.settled) EXPECT_EQ(settlements.size(), 1u) << number;
}

TEST_P(MqttUplinkContract, it_connects_again_as_often_as_the_broker_dies) {
  const auto uplink = setup.make(recorder);
  for (int round = 1; round <= 4; ++round) {
    uplink->connect();
    ASSERT_TRUE(recorder.wait_connected(round));
    ASSERT_TRUE(uplink->publish(message(round), static_cast<uint64_t>(round)).ok());
    ASSERT_TRUE(recorder.wait([=](const auto& seen) { return seen.settled.contains(static_cast<uint64_t>(round)); }));
    broker.kill();
    ASSERT_TRUE(recorder.wait_lost(static_cast<size_t>(round)));
    broker.start_again();
  }
}

TEST_P(MqttUplinkContract, an_absent_broker_is_lost_and_not_a_hang) {
  broker.kill();
  const auto uplink = setup.make(recorder);
  uplink->connect();
  ASSERT_TRUE(recorder.wait_lost());
  EXPECT_EQ(recorder.seen().losses[0].fault(), Fault::disconnected);
  EXPECT_EQ(recorder.seen().connects, 0);
}

TEST_P(MqttUplinkContract, a_broken_link_publishes_the_will_and_a_stop_the_offline_state) {
  Listener listener(broker.port(), "ferrule/v1/plant7/state");
  const std::string topic = "ferrule/v1/plant7/state";
  const auto uplink = setup.make(recorder);
  uplink->connect();
  ASSERT_TRUE(recorder.wait_connected());
  setup.settings.mqtt.client_id = "ferrule-plant7";  // the same: the broker breaks the first link
  Recorder other;
  const auto second = setup.make(other);
  second->connect();
  ASSERT_TRUE(other.wait_connected());
  ASSERT_TRUE(recorder.wait_lost());
  EXPECT_TRUE(listener.hear(topic, R"("reason":"lost")"));
  second->disconnect({topic, R"({"state":"offline","reason":"stopped"})", setup.settings.mqtt.qos, true}, setup.in(10s));
  EXPECT_TRUE(listener.hear(topic, R"("reason":"stopped")"));
  Listener late(broker.port(), topic);
  ASSERT_TRUE(late.hear(topic, "stopped"));
  EXPECT_EQ(late.heard().size(), 1u);
  EXPECT_TRUE(late.heard()[0].retained);
}

TEST_P(MqttUplinkContract, disconnecting_twice_or_before_connecting_does_no_harm) {
  const auto uplink = setup.make(recorder);
  uplink->disconnect({}, setup.in(5s));
  uplink->connect();
  ASSERT_TRUE(recorder.wait_connected());
  uplink->disconnect({}, setup.in(5s));
  uplink->disconnect({}, setup.in(5s));
  uplink->connect();
  ASSERT_TRUE(recorder.wait_connected(2));
  EXPECT_TRUE(recorder.seen().losses.empty());
}

TEST_P(MqttUplinkContract, a_connect_while_connected_begins_a_new_session) {
  const auto uplink = setup.make(recorder);
  uplink->connect();
  ASSERT_TRUE(recorder.wait_connected());
  uplink->connect();
  ASSERT_TRUE(recorder.wait_connected(2));
  ASSERT_TRUE(uplink->publish(message(1), 1).ok());
  EXPECT_TRUE(recorder.wait_answers(1));
}

INSTANTIATE_TEST_SUITE_P(VersionsAndQos, MqttUplinkContract, testing::Combine(testing::Values(4, 5), testing::Values(0, 1, 2)),
                         [](const auto& of) {
                           return "mqtt" + std::to_string(std::get<0>(of.param)) + "_qos" + std::to_string(std::get<1>(of.param));
                         });

TEST(MqttUplink, a_wrong_password_is_refused) {
  ScratchFolder folder;
  const std::string file = folder.file("passwords");
  ASSERT_EQ(std::system(("touch " + file + " && mosquitto_passwd -b " + file + " plant7 right && chmod 644 " + file).c_str()), 0);
  for (const int version : {4, 5}) {
    Mosquitto broker({"password_file " + file, "allow_anonymous false"});
    UplinkSetup setup(broker.port(), version);
    setup.settings.mqtt.username = "plant7";
    for (const bool right : {false, true}) {
      setup.settings.mqtt.password = right ? "right" : "wrong";
      Recorder recorder;
      const auto uplink = setup.make(recorder);
      uplink->connect();
      ASSERT_TRUE(right ? recorder.wait_connected() : recorder.wait_lost());
      const auto seen = recorder.seen();
      EXPECT_TRUE(right || seen.losses[0].fault() == Fault::refused) << version << " " << seen.losses[0].what();
    }
  }
}

TEST(MqttUplink, a_topic_that_the_broker_forbids_is_refused_in_mqtt_5) {
  ScratchFolder folder;
  std::ofstream(folder.file("acl")) << "topic write allowed\n";
  std::filesystem::permissions(folder.file("acl"), std::filesystem::perms(0644));
  Mosquitto broker({"acl_file " + folder.file("acl")});
  UplinkSetup setup(broker.port());
  Recorder recorder;
  const auto uplink = setup.make(recorder);
  uplink->connect();
  ASSERT_TRUE(recorder.wait_connected());
  ASSERT_TRUE(uplink->publish({"forbidden", "x", 1, false}, 1).ok());
  ASSERT_TRUE(uplink->publish({"allowed", "x", 1, false}, 2).ok());
  ASSERT_TRUE(recorder.wait_answers(2));
  const auto seen = recorder.seen();
  EXPECT_EQ(seen.settled.at(1), std::vector{Settlement::refused});
  EXPECT_NE(seen.why.at(1).find("not authorised"), std::string::npos);
  EXPECT_EQ(seen.settled.at(2), std::vector{Settlement::delivered});
}

TEST(MqttUplink, the_broker_says_the_largest_payload) {
  Mosquitto broker({"max_packet_size 1024"});
  UplinkSetup setup(broker.port());
  Recorder recorder;
  const auto uplink = setup.make(recorder);
  uplink->connect();
  ASSERT_TRUE(recorder.wait_connected());
  EXPECT_LT(uplink->limits().payload, 1024u);
  EXPECT_GT(uplink->limits().payload, 512u);
}

}  // namespace
}  // namespace ferrule

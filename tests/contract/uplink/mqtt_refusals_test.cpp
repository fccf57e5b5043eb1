// What the MQTT transport makes of a broker that says no, says nothing, or has limits of its own.
#include <gtest/gtest.h>

#include "tests/contract/uplink/recorder.h"
#include "tests/contract/uplink/setup.h"
#include "tests/fakes/scripted_broker.h"

namespace ferrule {
namespace {

using Broker = ScriptedBroker;

TEST(MqttRefusals, a_connack_that_says_no_is_refused_or_lost_by_its_code) {
  const struct {
    int version, code;
    Fault fault;
  } cases[] = {{5, 0x87, Fault::refused},      {5, 0x86, Fault::refused}, {5, 0x88, Fault::disconnected},
               {5, 0x89, Fault::disconnected}, {5, 0x97, Fault::refused}, {5, 0x9c, Fault::refused},
               {4, 3, Fault::disconnected},    {4, 4, Fault::refused},    {4, 5, Fault::refused}};
  for (const auto& of : cases) {
    Broker broker({.on_connect = [&](int version) { return Broker::Reply{Broker::connack(version, of.code)}; }});
    UplinkSetup setup(broker.port(), of.version);
    Recorder recorder;
    const auto uplink = setup.make(recorder);
    uplink->connect();
    ASSERT_TRUE(recorder.wait_lost());
    const Status why = recorder.seen().losses[0];
    EXPECT_EQ(why.fault(), of.fault) << of.code << " " << why.what();
    EXPECT_EQ(why.detail(), of.code);
    EXPECT_EQ(recorder.seen().connects, 0);
  }
}

TEST(MqttRefusals, a_broker_that_does_not_speak_mqtt_5_is_spoken_to_in_3_1_1) {
  for (const int code : {0x01, 0x84}) {
    Broker broker({.on_connect = [=](int version) { return Broker::Reply{Broker::connack(version, version == 5 ? code : 0)}; }});
    UplinkSetup setup(broker.port());
    setup.settings.mqtt.version_fixed = false;
    Recorder recorder;
    const auto uplink = setup.make(recorder);
    uplink->connect();
    ASSERT_TRUE(recorder.wait_lost());
    uplink->connect();
    ASSERT_TRUE(recorder.wait_connected());
    ASSERT_TRUE(uplink->publish({"t", "x", 1, false}, 1).ok());
    EXPECT_TRUE(recorder.wait_answers(1));
    EXPECT_EQ(broker.connects(), (std::vector{5, 4}));
    EXPECT_EQ(broker.published().at(0).version, 4);
  }
}

TEST(MqttRefusals, a_fixed_version_is_not_left) {
  Broker broker({.on_connect = [](int version) { return Broker::Reply{Broker::connack(version, 0x84)}; }});
  UplinkSetup setup(broker.port());
  Recorder recorder;
  const auto uplink = setup.make(recorder);
  uplink->connect();
  ASSERT_TRUE(recorder.wait_lost());
  uplink->connect();
  ASSERT_TRUE(recorder.wait_lost(2));
  EXPECT_EQ(broker.connects(), (std::vector{5, 5}));
}

TEST(MqttRefusals, a_puback_reason_becomes_a_settlement) {
  const struct {
    int code;
    Settlement settlement;
  } cases[] = {{0x00, Settlement::delivered}, {0x80, Settlement::not_now},  {0x87, Settlement::refused},
               {0x97, Settlement::refused},   {0x90, Settlement::rejected}, {0x95, Settlement::rejected},
               {0x99, Settlement::rejected}};
  Broker broker({.on_publish = [](const Broker::Published& message) {
    return Broker::Reply{Broker::puback(message, std::stoi(message.payload))};
  }});
  UplinkSetup setup(broker.port());
  Recorder recorder;
  const auto uplink = setup.make(recorder);
  uplink->connect();
  ASSERT_TRUE(recorder.wait_connected());
  for (uint64_t i = 0; i < std::size(cases); ++i) {
    ASSERT_TRUE(uplink->publish({"t", std::to_string(cases[i].code), 1, false}, i).ok());
  }
  ASSERT_TRUE(recorder.wait_answers(std::size(cases)));
  const auto seen = recorder.seen();
  for (uint64_t i = 0; i < std::size(cases); ++i) {
    EXPECT_EQ(seen.settled.at(i), std::vector{cases[i].settlement}) << cases[i].code;
  }
}

// Paho C 1.3.12 keeps a PUBACK's reason below 0x80 to itself. When this fails, Paho has learnt it: say so in the README.
TEST(MqttRefusals, no_matching_subscriber_cannot_be_told_from_delivered) {
  Broker broker({.on_publish = [](const Broker::Published& message) { return Broker::Reply{Broker::puback(message, 0x10)}; }});
  UplinkSetup setup(broker.port());
  Recorder recorder;
  const auto uplink = setup.make(recorder);
  uplink->connect();
  ASSERT_TRUE(recorder.wait_connected());
  ASSERT_TRUE(uplink->publish({"t", "x", 1, false}, 1).ok());
  ASSERT_TRUE(recorder.wait_answers(1));
  EXPECT_EQ(recorder.seen().settled.at(1), std::vector{Settlement::delivered});
}

TEST(MqttRefusals, a_client_that_takes_over_the_id_is_a_refusal) {
  Broker broker({.on_publish = [](const Broker::Published&) { return Broker::Reply{Broker::disconnect(0x8e), true}; }});
  UplinkSetup setup(broker.port());
  Recorder recorder;
  const auto uplink = setup.make(recorder);
  uplink->connect();
  ASSERT_TRUE(recorder.wait_connected());
  ASSERT_TRUE(uplink->publish({"t", "x", 1, false}, 1).ok());
  ASSERT_TRUE(recorder.wait_lost());
  const auto seen = recorder.seen();
  EXPECT_EQ(seen.losses.size(), 1u);
  EXPECT_EQ(seen.losses[0].fault(), Fault::refused) << seen.losses[0].what();
  EXPECT_NE(seen.losses[0].what().find("took over"), std::string::npos);
  EXPECT_EQ(seen.answers(), 0u);
}

// Obeyed by whoever publishes: Paho obeys it too, but then looks once a second whether it may go on.
TEST(MqttRefusals, the_brokers_receive_maximum_is_told) {
  const std::string receive_maximum("\x21\x00\x03", 3);
  Broker broker({.on_connect = [=](int version) { return Broker::Reply{Broker::connack(version, 0, receive_maximum)}; }});
  UplinkSetup setup(broker.port());
  Recorder recorder;
  const auto uplink = setup.make(recorder);
  uplink->connect();
  ASSERT_TRUE(recorder.wait_connected());
  EXPECT_EQ(uplink->limits().in_flight, 3u);
}

TEST(MqttRefusals, qos_2_in_3_1_1_keeps_to_what_mosquitto_bears_although_no_broker_can_say_it) {
  for (const auto& [version, qos, in_flight] : {std::tuple{4, 2, 20u}, {4, 1, UINT32_MAX}, {5, 2, UINT32_MAX}}) {
    Broker broker({});
    UplinkSetup setup(broker.port(), version, qos);
    Recorder recorder;
    const auto uplink = setup.make(recorder);
    uplink->connect();
    ASSERT_TRUE(recorder.wait_connected());
    EXPECT_EQ(uplink->limits().in_flight, in_flight) << version << " " << qos;
  }
}

TEST(MqttRefusals, a_mute_broker_can_be_left_and_joined_again) {
  Broker broker({.on_publish = [](const Broker::Published& message) {
    return Broker::Reply{message.payload == "mute" ? "" : Broker::puback(message, 0)};
  }});
  UplinkSetup setup(broker.port());
  Recorder recorder;
  const auto uplink = setup.make(recorder);
  uplink->connect();
  ASSERT_TRUE(recorder.wait_connected());
  for (uint64_t token = 1; token <= 10; ++token) ASSERT_TRUE(uplink->publish({"t", "mute", 1, false}, token).ok());
  uplink->disconnect({}, setup.in(std::chrono::seconds(2)));
  uplink->connect();
  ASSERT_TRUE(recorder.wait_connected(2));
  ASSERT_TRUE(uplink->publish({"t", "x", 1, false}, 11).ok());
  ASSERT_TRUE(recorder.wait_answers(1));
  const auto seen = recorder.seen();
  EXPECT_EQ(seen.answers(), 1u);
  EXPECT_TRUE(seen.settled.contains(11));
}

}  // namespace
}  // namespace ferrule

// The gateway's own resources on a loopback port, with devices that the test scripts.
#include "coap/coap_listener.h"

#include <gmock/gmock.h>
#include <poll.h>

#include "tests/fakes/coap_message.h"
#include "tests/fakes/manual_clock.h"
#include "tests/fakes/pushed.h"
#include "tests/fakes/stream_channel.h"
#include "tests/fakes/udp_socket.h"

namespace ferrule {

extern const DriverType k_coap_driver;

namespace coap {

namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr int kUriPath = 11, kContentFormat = 12, kBlockOption = 27;
constexpr uint8_t kPost = 2, kChangedCode = 0x44, kContinueCode = 0x5f;

CoapMessage post(uint16_t id, const std::string& path, const std::string& payload, CoapMessage::Type type = CoapMessage::con) {
  CoapMessage message;
  message.type = type;
  message.code = kPost;
  message.id = id;
  message.token = "tk";
  message.payload = payload;
  return message.with_text(kUriPath, path);
}

class CoapListenerTest : public testing::Test {
 protected:
  CoapListenerTest() : channel_(k_coap_driver) {
    channel_.channel("listen", {{"port", whole(0)}});
    channel_.device({{"root", text("/a")}});
    channel_.tag({{"path", text("/t")}});
    channel_.device();
    channel_.tag({{"path", text("/senml")}, {"record", text("n:temp")}});
    channel_.tag({{"path", text("/senml")}, {"record", text("n:hum")}});
  }
  void open() {
    ASSERT_THAT(channel_.complaints(), IsEmpty());
    auto built = k_coap_driver.build_listener(channel_.settings, context_);
    ASSERT_TRUE(built.ok()) << built.status().what();
    listener_ = std::move(*built);
    const Status opened = listener_->open(clock_.now() + 1s);
    ASSERT_TRUE(opened.ok()) << opened.what();
    port_ = static_cast<uint16_t>(std::stoi(output_.said.back().substr(output_.said.back().rfind(' '))));
  }
  // Turns as the runner would, until the device hears something.
  CoapMessage hear(UdpSocket& device) {
    for (int i = 0; i < 1000; ++i) {
      pollfd wanted[] = {{listener_->fd(), POLLIN, 0}, {device.fd(), POLLIN, 0}};
      (void)poll(wanted, 2, 10);
      EXPECT_TRUE(listener_->turn().ok());
      if (auto datagram = device.receive(0)) return CoapMessage::decode(datagram->bytes);
    }
    ADD_FAILURE() << "nothing is heard";
    return {};
  }
  CoapMessage ask(UdpSocket& device, const CoapMessage& message) {
    device.send(message.encode(), port_);
    return hear(device);
  }

  StreamChannel channel_;
  ManualClock clock_;
  StopSignal stop_;
  PushedOutput output_;
  ListenerContext context_{clock_, channel_.names, stop_, output_};
  std::unique_ptr<Listener> listener_;
  uint16_t port_ = 0;
  UdpSocket device_;
};

CoapMessage at(CoapMessage message, const std::string& more) { return message.with_text(kUriPath, more); }

TEST_F(CoapListenerTest, a_confirmable_post_is_acknowledged_at_once_and_answered_when_it_is_durable) {
  open();
  const CoapMessage acknowledgement = ask(device_, at(post(7, "a", "21.5"), "t"));
  EXPECT_EQ(acknowledgement.type, CoapMessage::ack);
  EXPECT_EQ(acknowledgement.code, 0);
  EXPECT_EQ(acknowledgement.id, 7);
  EXPECT_EQ(acknowledgement.token, "");
  EXPECT_THAT(output_.values, ElementsAre("21.5"));
  EXPECT_THAT(output_.states, ElementsAre("+0"));
  EXPECT_FALSE(device_.receive(0).has_value());
  listener_->settled(output_.tokens.at(0), true);
  const CoapMessage answer = hear(device_);
  EXPECT_EQ(answer.type, CoapMessage::con);
  EXPECT_EQ(answer.code, kChangedCode);
  EXPECT_EQ(answer.token, "tk");
}

TEST_F(CoapListenerTest, what_could_not_be_stored_is_said_so_and_taken_when_it_comes_again) {
  open();
  ask(device_, at(post(7, "a", "1"), "t"));
  listener_->settled(output_.tokens.at(0), false);
  EXPECT_EQ(hear(device_).code, 0xa3);
  EXPECT_EQ(ask(device_, at(post(7, "a", "1"), "t")).code, 0);
  EXPECT_THAT(output_.values, ElementsAre("1", "1"));
}

TEST_F(CoapListenerTest, a_full_bus_is_answered_with_come_again) {
  open();
  output_.full = true;
  EXPECT_EQ(ask(device_, at(post(7, "a", "1"), "t")).code, 0xa3);
  output_.full = false;
  EXPECT_EQ(ask(device_, at(post(7, "a", "1"), "t")).code, 0);
}

TEST_F(CoapListenerTest, a_duplicate_has_no_second_effect) {
  open();
  const CoapMessage message = at(post(7, "a", "1"), "t");
  EXPECT_EQ(ask(device_, message).code, 0);
  EXPECT_EQ(ask(device_, message).code, 0);
  listener_->settled(output_.tokens.at(0), true);
  EXPECT_EQ(hear(device_).code, kChangedCode);
  const CoapMessage again = ask(device_, message);
  EXPECT_EQ(again.type, CoapMessage::ack);
  EXPECT_EQ(again.code, kChangedCode);
  EXPECT_THAT(output_.values, ElementsAre("1"));
  EXPECT_EQ(output_.counts["dropped: a duplicate"], 2u);
}

TEST_F(CoapListenerTest, the_same_id_from_another_endpoint_or_with_something_else_to_say_is_no_duplicate) {
  open();
  ask(device_, at(post(7, "a", "1"), "t"));
  UdpSocket other;
  ask(other, at(post(7, "a", "1"), "t"));
  ask(device_, at(post(7, "a", "2"), "t"));
  EXPECT_THAT(output_.values, ElementsAre("1", "1", "2"));
}

TEST_F(CoapListenerTest, an_unconfirmable_post_is_taken_once_and_answered_when_it_is_durable) {
  open();
  const CoapMessage message = at(post(7, "a", "1", CoapMessage::non), "t");
  device_.send(message.encode(), port_);
  ask(device_, message);
  EXPECT_THAT(output_.values, ElementsAre("1"));
  listener_->settled(output_.tokens.at(0), true);
  CoapMessage answer = hear(device_);
  while (answer.code == 0) answer = hear(device_);
  EXPECT_EQ(answer.type, CoapMessage::non);
  EXPECT_EQ(answer.code, kChangedCode);
}

TEST_F(CoapListenerTest, a_pack_with_several_readings_of_a_tag_gives_all_of_them_in_their_order) {
  open();
  const std::string pack = R"([{"bn":"n:","bt":1.7e9,"n":"temp","v":3},{"n":"temp","t":-20,"v":1},{"n":"temp","t":-10,"v":2},)"
                           R"({"n":"hum","v":40}])";
  ask(device_, post(1, "senml", pack).with(kContentFormat, 110));
  EXPECT_THAT(output_.values, ElementsAre("1", "40", "2", "3"));
  for (size_t i = 0; i < output_.tokens.size(); ++i) {
    EXPECT_FALSE(device_.receive(0).has_value());
    listener_->settled(output_.tokens[i], true);
  }
  EXPECT_EQ(hear(device_).code, kChangedCode);
}

TEST_F(CoapListenerTest, a_body_in_blocks_is_taken_whole) {
  open();
  const std::string pack = R"([{"n":"n:temp","v":21.25},{"n":"n:hum","v":40.5}])";
  for (uint32_t i = 0; i * 16 < pack.size(); ++i) {
    const bool more = (i + 1) * 16 < pack.size();
    CoapMessage part = post(static_cast<uint16_t>(100 + i), "senml", pack.substr(i * 16, 16));
    const CoapMessage answer = ask(device_, part.with(kContentFormat, 110).with(kBlockOption, i << 4 | (more ? 8 : 0)));
    EXPECT_EQ(answer.code, more ? kContinueCode : 0);
  }
  EXPECT_THAT(output_.values, ElementsAre("21.25", "40.5"));
}

TEST_F(CoapListenerTest, what_cannot_be_taken_is_refused_with_its_reason_and_counted) {
  open();
  EXPECT_EQ(ask(device_, post(1, "nowhere", "1")).code, 0x84);
  EXPECT_EQ(ask(device_, post(2, "senml", "no pack").with(kContentFormat, 110)).code, 0x80);
  EXPECT_EQ(ask(device_, post(3, "senml", R"([{"n":"x","v":1}])").with(kContentFormat, 110)).code, 0x96);
  EXPECT_EQ(output_.counts["refused: no such resource"], 1u);
  EXPECT_EQ(output_.counts["refused: not of the format"], 1u);
  EXPECT_EQ(output_.counts["refused: none of the tags is in it"], 1u);
  EXPECT_THAT(output_.values, IsEmpty());
}

TEST_F(CoapListenerTest, a_device_at_another_address_cannot_post_for_it) {
  channel_.device({{"root", text("/b")}, {"address", text("127.0.0.2")}});
  channel_.tag({{"path", text("/t")}});
  open();
  EXPECT_EQ(ask(device_, at(post(1, "b", "1"), "t")).code, 0x83);
  EXPECT_THAT(output_.values, IsEmpty());
}

TEST_F(CoapListenerTest, an_address_is_the_same_however_it_is_written) {
  for (const char* address : {"::ffff:127.0.0.1", "0:0:0:0:0:FFFF:7f00:1"}) {
    const std::string root = "r" + std::to_string(channel_.settings.devices.size());
    channel_.device({{"root", text("/" + root)}, {"address", text(address)}});
    channel_.tag({{"path", text("/t")}});
  }
  open();
  EXPECT_EQ(ask(device_, at(post(1, "r2", "1"), "t")).code, 0);
  EXPECT_EQ(ask(device_, at(post(2, "r3", "2"), "t")).code, 0);
  EXPECT_THAT(output_.values, ElementsAre("1", "2"));
}

TEST_F(CoapListenerTest, a_silent_device_goes_offline) {
  channel_.channel("offline_after", FieldValue(Duration(60s)));
  open();
  ask(device_, at(post(1, "a", "1"), "t"));
  clock_.advance(59s);
  EXPECT_TRUE(listener_->turn().ok());
  EXPECT_THAT(output_.states, ElementsAre("+0"));
  clock_.advance(1s);
  EXPECT_TRUE(listener_->turn().ok());
  EXPECT_THAT(output_.states, ElementsAre("+0", "-0"));
}

TEST_F(CoapListenerTest, a_port_that_is_taken_is_said_so) {
  UdpSocket taken;
  channel_.channel("listen", {{"port", whole(taken.port())}});
  auto built = k_coap_driver.build_listener(channel_.settings, context_);
  ASSERT_TRUE(built.ok());
  const Status status = (*built)->open(clock_.now() + 1s);
  EXPECT_EQ(status.fault(), Fault::io);
  EXPECT_THAT(status.what(), testing::HasSubstr("another program"));
}

TEST_F(CoapListenerTest, answers_that_are_settled_after_the_end_are_let_go) {
  open();
  ask(device_, at(post(1, "a", "1"), "t"));
  listener_->close();
  listener_->settled(output_.tokens.at(0), true);
  EXPECT_FALSE(device_.receive(0).has_value());
}

}  // namespace

}  // namespace coap

}  // namespace ferrule

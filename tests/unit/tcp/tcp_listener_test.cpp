// A listening channel on a loopback port: who is who, what is confirmed when, and the limit that each bad peer meets.
#include "tcp/tcp_listener.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <poll.h>

#include "tests/fakes/manual_clock.h"
#include "tests/fakes/pushed.h"
#include "tests/fakes/stream_channel.h"

namespace ferrule {

namespace {

using namespace std::chrono_literals;
using testing::Contains;
using testing::ElementsAre;
using testing::Pair;

class Peer {
 public:
  explicit Peer(uint16_t port, int type = SOCK_STREAM) : socket_(::socket(AF_INET, type | SOCK_CLOEXEC, 0)) {
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(port);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(socket_.fd(), reinterpret_cast<sockaddr*>(&to), sizeof to) != 0) throw std::runtime_error("cannot connect");
  }
  void send(std::string_view bytes) { (void)!::send(socket_.fd(), bytes.data(), bytes.size(), MSG_NOSIGNAL); }
  void reset_at_close() {
    const linger at_once{1, 0};
    setsockopt(socket_.fd(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  }
  void end() { ::shutdown(socket_.fd(), SHUT_WR); }
  // What has arrived; "<end>" once the other side has closed.
  std::string heard() {
    std::array<char, 4096> bytes;
    const ssize_t got = recv(socket_.fd(), bytes.data(), bytes.size(), MSG_DONTWAIT);
    if (got == 0 || (got < 0 && errno != EAGAIN)) return "<end>";
    return got < 0 ? "" : std::string(bytes.data(), static_cast<size_t>(got));
  }

 private:
  Descriptor socket_;
};

class ListenerTest : public testing::Test {
 protected:
  // Lines "id,value" of the devices A and B.
  ListenerTest() : channel_(k_tcp_driver) {
    listen_ = {{"port", whole(0)}, {"max_connections", whole(4)}, {"max_per_address", whole(4)}};
    channel_.channel("payload", {{"format", text("delimited")}});
    channel_.channel("id", {{"at", text("1")}});
    for (const char* id : {"A", "B"}) {
      channel_.device({{"id", text(id)}});
      channel_.tag({{"at", text("2")}});
    }
  }
  void open() {
    channel_.channel("listen", listen_);
    ASSERT_THAT(channel_.complaints(), testing::IsEmpty());
    auto built = k_tcp_driver.build_listener(channel_.settings, context_);
    ASSERT_TRUE(built.ok()) << built.status().what();
    listener_ = std::move(*built);
    ASSERT_TRUE(listener_->open(clock_.now() + 1s).ok());
    port_ = static_cast<uint16_t>(std::stoi(output_.said.back().substr(output_.said.back().rfind(' '))));
  }
  // Turns until `holds`, as the runner would.
  template <class Holds>
  void until(Holds holds) {
    for (int i = 0; i < 400 && !holds(); ++i) {
      pollfd wanted{listener_->fd(), POLLIN, 0};
      (void)poll(&wanted, 1, 5);
      ASSERT_TRUE(listener_->turn().ok());
    }
    ASSERT_TRUE(holds());
  }
  void values(size_t count) {
    until([&] { return output_.values.size() >= count; });
  }
  void counted(const std::string& what) {
    until([&] { return output_.counts.contains(what); });
  }
  void later(Duration time) { clock_.advance(time); }

  StreamChannel channel_;
  std::vector<Setting> listen_;
  ManualClock clock_;
  StopSignal stop_;
  PushedOutput output_;
  ListenerContext context_{clock_, channel_.names, stop_, output_};
  std::unique_ptr<Listener> listener_;
  uint16_t port_ = 0;
};

TEST_F(ListenerTest, devices_are_known_by_what_they_send) {
  open();
  Peer one(port_), two(port_);
  one.send("A,1.5\r\nA,2");
  two.send("B,7\n");
  values(2);
  EXPECT_THAT(output_.values, testing::UnorderedElementsAre("1.5", "7"));
  one.send("5\r\n");
  values(3);
  EXPECT_EQ(output_.values.back(), "25");
  EXPECT_THAT(output_.states, testing::UnorderedElementsAre("+0", "+1"));
}

TEST_F(ListenerTest, a_second_connection_of_a_device_takes_over_and_the_first_is_closed) {
  open();
  Peer first(port_);
  first.send("A,1\n");
  values(1);
  Peer second(port_);
  second.send("A,2\n");
  values(2);
  EXPECT_EQ(first.heard(), "<end>");
  EXPECT_EQ(second.heard(), "");
  EXPECT_THAT(output_.counts, Contains(Pair("closed: taken over by a newer connection", 1u)));
  EXPECT_THAT(output_.states, ElementsAre("+0"));  // never offline in between
}

TEST_F(ListenerTest, a_device_is_offline_when_its_connection_ends_and_online_when_it_is_back) {
  open();
  {
    Peer peer(port_);
    peer.send("A,1\n");
    values(1);
  }
  counted("closed: by the device");
  EXPECT_THAT(output_.states, ElementsAre("+0", "-0"));
  Peer again(port_);
  again.send("A,2\n");
  values(2);
  EXPECT_THAT(output_.states, ElementsAre("+0", "-0", "+0"));
}

TEST_F(ListenerTest, a_silent_device_is_offline_and_a_heartbeat_keeps_it) {
  channel_.channel("heartbeat", text("PING"));
  channel_.channel("heartbeat_reply", text("PONG {id}"));
  open();
  Peer peer(port_);
  peer.send("A,1\n");
  values(1);
  later(50s);
  peer.send("PING\n");
  counted("frames: heartbeat");
  EXPECT_EQ(peer.heard(), "PONG A\r\n");
  later(50s);
  ASSERT_TRUE(listener_->turn().ok());
  EXPECT_THAT(output_.states, ElementsAre("+0"));
  later(11s);
  counted("closed: silent for too long");
  EXPECT_THAT(output_.states, ElementsAre("+0", "-0"));
  EXPECT_EQ(peer.heard(), "<end>");
}

TEST_F(ListenerTest, an_acknowledgement_waits_until_the_data_is_durable) {
  channel_.channel("acknowledge", text("ACK {id}"));
  open();
  Peer peer(port_);
  peer.send("A,1\nA,2\n");
  values(2);
  ASSERT_EQ(output_.tokens.size(), 2u);
  EXPECT_EQ(peer.heard(), "");
  listener_->settled(output_.tokens[0], true);
  EXPECT_EQ(peer.heard(), "ACK A\r\n");
  listener_->settled(output_.tokens[1], false);  // could not be stored: the device must send it again
  EXPECT_EQ(peer.heard(), "");
  listener_->settled(output_.tokens[0], true);  // once is once
  EXPECT_EQ(peer.heard(), "");
}

TEST_F(ListenerTest, a_device_that_has_said_all_still_gets_its_acknowledgement) {
  channel_.channel("acknowledge", text("ACK {id}"));
  open();
  Peer peer(port_);
  peer.send("A,1\n");
  peer.end();
  values(1);
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(listener_->turn().ok());
  EXPECT_THAT(output_.counts, testing::Not(Contains(Pair("closed: by the device", 1u))));
  ASSERT_FALSE(output_.tokens.empty());
  listener_->settled(output_.tokens.back(), true);
  EXPECT_EQ(peer.heard(), "ACK A\r\n");
  counted("closed: by the device");
}

TEST_F(ListenerTest, a_receipt_that_outlives_its_connection_harms_nobody) {
  channel_.channel("acknowledge", text("ACK"));
  open();
  {
    Peer peer(port_);
    peer.send("A,1\n");
    values(1);
    peer.reset_at_close();
  }
  counted("closed: link lost");
  Peer other(port_);  // gets the same slot
  other.send("B,1\n");
  values(2);
  listener_->settled(output_.tokens[0], true);
  EXPECT_EQ(other.heard(), "");
}

TEST_F(ListenerTest, tagged_frames_are_acknowledged_by_number) {
  StreamChannel tagged(k_tcp_driver);
  channel_.channel("frame", {{"kind", text("tagged")}, {"start", text("FE")}});
  open();
  Peer peer(port_);
  peer.send(
      std::string("FE\x01\x81\x00\x05\x12\x34"
                  "A,7",
                  12 - 1));
  values(1);
  EXPECT_EQ(output_.values.back(), "7");
  listener_->settled(output_.tokens[0], true);
  EXPECT_EQ(peer.heard(), std::string("FE\x01\x03\x00\x02\x12\x34", 8));
}

TEST_F(ListenerTest, an_endless_frame_closes_its_connection) {
  open();
  Peer peer(port_);
  peer.send(std::string(3000, 'x'));
  counted("closed: frame too long");
  EXPECT_EQ(peer.heard(), "<end>");
}

TEST_F(ListenerTest, a_frame_that_drips_closes_its_connection) {
  open();
  Peer peer(port_);
  peer.send("A,1\nA,");
  values(1);
  for (int i = 0; i < 9; ++i) {
    later(1s);
    peer.send("1");
    const uint64_t before = output_.bytes_in;
    until([&] { return output_.bytes_in > before; });
  }
  EXPECT_FALSE(output_.counts.contains("closed: frame not finished in time"));
  later(1001ms);
  counted("closed: frame not finished in time");
}

TEST_F(ListenerTest, a_stranger_is_closed_after_a_while_and_gives_way_to_newcomers) {
  open();
  std::vector<std::unique_ptr<Peer>> strangers;
  strangers.push_back(std::make_unique<Peer>(port_));
  counted("opened");
  later(1s);
  Peer known(port_);
  known.send("A,1\n");
  values(1);
  for (int i = 0; i < 2; ++i) strangers.push_back(std::make_unique<Peer>(port_));
  until([&] { return output_.counts["opened"] == 4; });
  listen_.clear();
  later(30s);
  counted("closed: did not say whose it is");
  EXPECT_EQ(known.heard(), "");
}

TEST_F(ListenerTest, connections_have_a_limit_a_channel_and_a_limit_an_address) {
  listen_ = {{"port", whole(0)}, {"max_connections", whole(2)}, {"max_per_address", whole(3)}};
  open();
  Peer one(port_), two(port_);
  until([&] { return output_.counts["opened"] == 2; });
  Peer three(port_);
  counted("closed: gave way to a newcomer");
  EXPECT_EQ(one.heard(), "<end>");
  two.send("A,1\n");
  three.send("B,1\n");
  values(2);
  Peer four(port_);
  counted("refused: too many connections");
  EXPECT_EQ(two.heard(), "");
}

TEST_F(ListenerTest, too_many_from_one_address_are_refused) {
  listen_ = {{"port", whole(0)}, {"max_connections", whole(9)}, {"max_per_address", whole(1)}};
  open();
  Peer one(port_), two(port_);
  counted("refused: too many from one address");
  EXPECT_EQ(output_.counts["opened"], 1u);
}

TEST_F(ListenerTest, unknown_devices_and_a_full_bus_are_counted) {
  open();
  Peer peer(port_);
  peer.send("Z,1\n");
  counted("dropped: unknown device");
  output_.full = true;
  peer.send("A,1\n");
  counted("dropped: the bus is full");
}

TEST_F(ListenerTest, datagrams_come_in_the_same_way) {
  listen_ = {{"port", whole(0)}, {"protocol", text("udp")}};
  channel_.channel("acknowledge", text("ACK {id}"));
  open();
  Peer peer(port_, SOCK_DGRAM);
  peer.send("A,1\nB,2");
  values(2);
  EXPECT_THAT(output_.values, ElementsAre("1", "2"));
  listener_->settled(output_.tokens[1], true);
  EXPECT_EQ(peer.heard(), "ACK B\r\n");
  later(61s);
  until([&] { return output_.states.size() == 4; });
}

TEST(TcpCheck, contradictions_are_named) {
  StreamChannel channel(k_tcp_driver);
  channel.device();
  channel.tag({{"at", text("1")}});
  EXPECT_THAT(channel.complaints(), Contains(testing::HasSubstr("write one of tcp")));
  channel.channel("tcp", {{"host", text("127.0.0.1")}});
  EXPECT_THAT(channel.complaints(), Contains(testing::HasSubstr("needs a port")));
  EXPECT_THAT(channel.complaints(), Contains(testing::HasSubstr("leave `at` out")));
  StreamChannel two(k_tcp_driver);
  two.channel("listen", {{"port", whole(9000)}});
  two.device().device();
  EXPECT_THAT(two.complaints(), Contains(testing::HasSubstr("needs its address")));
}

}  // namespace

}  // namespace ferrule

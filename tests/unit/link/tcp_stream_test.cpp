#include <gtest/gtest.h>

#include <future>

#include "link/stream.h"
#include "link/stream_fields.h"
#include "tests/fakes/scripted_device.h"

namespace ferrule {

namespace {

using namespace std::chrono_literals;

Fields endpoint(const std::string& host, int64_t port) {
  Fields tcp(kTcpFields);
  tcp.set("host", host);
  tcp.set("port", port);
  return tcp;
}

class TcpStreamTest : public testing::Test {
 protected:
  std::unique_ptr<Stream> to(uint16_t port) { return make_tcp_stream(endpoint("127.0.0.1", port), 1, clock, stop); }
  Deadline in(Duration duration) const { return clock.now() + duration; }
  SystemClock clock;
  StopSignal stop;
};

// A listening socket; with `accepts` false its backlog is full, so that a connect hangs as it does at an address that is off.
class Listener {
 public:
  explicit Listener(bool accepts = true) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    bind(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address);
    listen(fd_, accepts ? 8 : 0);
    socklen_t size = sizeof address;
    getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    for (int i = 0; !accepts && i < 2; ++i) {
      fillers_.push_back(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
      (void)connect(fillers_.back(), reinterpret_cast<sockaddr*>(&address), sizeof address);
    }
  }
  ~Listener() {
    close(fd_);
    for (const int filler : fillers_) close(filler);
  }
  uint16_t port() const { return port_; }
  int accept_one() const { return accept4(fd_, nullptr, nullptr, SOCK_CLOEXEC); }

 private:
  int fd_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  uint16_t port_ = 0;
  std::vector<int> fillers_;
};

TEST_F(TcpStreamTest, carries_bytes_both_ways) {
  Listener listener;
  const auto stream = to(listener.port());
  ASSERT_TRUE(stream->connect(in(5s)).ok());
  ASSERT_TRUE(stream->connect(in(5s)).ok()) << "already open";
  const int peer = listener.accept_one();
  ASSERT_TRUE(stream->write(Bytes{1, 2, 3}, in(5s)).ok());
  Bytes got(8);
  EXPECT_EQ(read(peer, got.data(), got.size()), 3);
  ASSERT_EQ(send(peer, "ab", 2, 0), 2);
  EXPECT_EQ(*stream->read(got, in(5s)), 2u);
  EXPECT_EQ(got[1], 'b');
  close(peer);
}

TEST_F(TcpStreamTest, is_tuned_for_short_exchanges_and_dead_peers) {
  Listener listener;
  const auto stream = to(listener.port());
  ASSERT_TRUE(stream->connect(in(5s)).ok());
  for (const int option : {TCP_NODELAY, TCP_USER_TIMEOUT, TCP_KEEPIDLE}) {
    int value = 0;
    socklen_t size = sizeof value;
    getsockopt(stream->fd(), IPPROTO_TCP, option, &value, &size);
    EXPECT_GT(value, 0) << option;
  }
}

TEST_F(TcpStreamTest, a_refused_connection_names_endpoint_and_remedy) {
  uint16_t port = 0;
  { port = Listener().port(); }
  const Status status = to(port)->connect(in(5s));
  EXPECT_EQ(status.fault(), Fault::disconnected);
  EXPECT_NE(status.what().find("127.0.0.1:" + std::to_string(port)), std::string::npos) << status.what();
  EXPECT_NE(status.what().find("nothing listens"), std::string::npos) << status.what();
}

TEST_F(TcpStreamTest, a_connect_that_hangs_ends_at_its_deadline) {
  Listener full(false);
  const Deadline deadline = in(100ms);
  EXPECT_EQ(to(full.port())->connect(deadline).fault(), Fault::timeout);
  EXPECT_GE(clock.now(), deadline);
}

TEST_F(TcpStreamTest, the_stop_signal_ends_connecting_and_reading) {
  Listener full(false);
  Listener silent;
  const auto hanging = to(full.port());
  const auto reading = to(silent.port());
  ASSERT_TRUE(reading->connect(in(5s)).ok());
  auto connected = std::async(std::launch::async, [&] { return hanging->connect(in(60s)).fault(); });
  auto read = std::async(std::launch::async, [&] {
    Bytes bytes(8);
    return reading->read(bytes, in(60s)).status().fault();
  });
  stop.raise();
  EXPECT_EQ(connected.get(), Fault::cancelled);
  EXPECT_EQ(read.get(), Fault::cancelled);
}

TEST_F(TcpStreamTest, silence_is_a_timeout_and_leaves_the_link_open) {
  Listener listener;
  const auto stream = to(listener.port());
  ASSERT_TRUE(stream->connect(in(5s)).ok());
  Bytes bytes(8);
  EXPECT_EQ(stream->read(bytes, in(20ms)).status().fault(), Fault::timeout);
  EXPECT_TRUE(stream->connected());
}

TEST_F(TcpStreamTest, a_closed_peer_closes_the_stream_and_the_next_connect_opens_it_again) {
  Listener listener;
  const auto stream = to(listener.port());
  ASSERT_TRUE(stream->connect(in(5s)).ok());
  close(listener.accept_one());
  Bytes bytes(8);
  EXPECT_EQ(stream->read(bytes, in(5s)).status().fault(), Fault::disconnected);
  EXPECT_FALSE(stream->connected());
  EXPECT_EQ(stream->fd(), -1);
  EXPECT_EQ(stream->write(bytes, in(5s)).fault(), Fault::disconnected);
  EXPECT_TRUE(stream->connect(in(5s)).ok());
}

TEST_F(TcpStreamTest, a_peer_that_takes_a_part_of_a_message_only_is_cut_off) {
  Listener listener;
  const auto stream = to(listener.port());
  ASSERT_TRUE(stream->connect(in(5s)).ok());
  const Bytes much(32 << 20);
  EXPECT_EQ(stream->write(much, in(100ms)).fault(), Fault::disconnected);
  EXPECT_FALSE(stream->connected());
  EXPECT_GT(stream->bytes_sent(), 0u);
  EXPECT_LT(stream->bytes_sent(), much.size());
}

TEST_F(TcpStreamTest, drain_drops_what_has_arrived) {
  Listener listener;
  const auto stream = to(listener.port());
  ASSERT_TRUE(stream->connect(in(5s)).ok());
  const int peer = listener.accept_one();
  ASSERT_EQ(send(peer, "abcdef", 6, 0), 6);
  EXPECT_EQ(stream->drain(), 6u);
  EXPECT_EQ(stream->drain(), 0u);
  close(peer);
}

TEST_F(TcpStreamTest, a_name_that_does_not_exist_says_so_and_localhost_is_found) {
  Listener listener;
  EXPECT_TRUE(make_tcp_stream(endpoint("localhost", listener.port()), 1, clock, stop)->connect(in(10s)).ok());
  const Status status = make_tcp_stream(endpoint("no such name", 1), 1, clock, stop)->connect(in(10s));
  EXPECT_FALSE(status.ok());
  EXPECT_NE(status.what().find("no such name"), std::string::npos) << status.what();
}

TEST_F(TcpStreamTest, the_protocols_port_stands_in_for_one_that_is_not_written) {
  Fields tcp(kTcpFields);
  tcp.set("host", std::string("10.1.2.3"));
  EXPECT_EQ(make_tcp_stream(tcp, 502, clock, stop)->name(), "10.1.2.3:502");
}

}  // namespace

}  // namespace ferrule

#include "simulator/plant_server.h"

#include <fcntl.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "tests/fakes/manual_clock.h"
#include "tests/unit/simulator/master.h"
#include "tests/unit/simulator/plant_fields_of.h"

namespace ferrule {
namespace {

using simulator::Descriptor;
using Bytes = std::vector<uint8_t>;

class Served : public testing::Test {
 protected:
  Served() : link_(testing::TempDir() + "plant-line-" + std::to_string(::getpid())) {
    plant_ = PlantFields()
                 .tcp()
                 .tcp({{"rtu_over_tcp", true}})
                 .serial(link_)
                 .device({{"unit_id", "5-6"}},
                         {{{"address", "holding:0"}, {"shape", "counter"}}, {{"address", "holding:1"}, {"count", int64_t{124}}}})
                 .plant();
    server_.emplace(*plant_, clock_);
  }

  void SetUp() override {
    const Status status = server_->start();
    ASSERT_TRUE(status) << status.what();
  }

  std::string link_;
  ManualClock clock_;
  std::unique_ptr<Plant> plant_;
  std::optional<PlantServer> server_;
};

TEST_F(Served, a_request_over_tcp_is_answered_with_the_values_of_the_moment) {
  const Descriptor master = connect_to(server_->ports()[0]);
  send_all(master, read_one(1));
  EXPECT_EQ(receive(master, 11), answer_of(1, 0));
  clock_.advance(std::chrono::seconds(42));
  send_all(master, read_one(2));
  EXPECT_EQ(receive(master, 11), answer_of(2, 42));
  EXPECT_EQ(server_->counters().requests, 2u);
}

TEST_F(Served, rtu_over_tcp_and_the_line_speak_rtu) {
  const Descriptor over_tcp = connect_to(server_->ports()[1]);
  const Descriptor line(::open(link_.c_str(), O_RDWR | O_NOCTTY | O_CLOEXEC));
  ASSERT_TRUE(line);
  for (const Descriptor* master : {&over_tcp, &line}) {
    send_all(*master, with_crc({5, 3, 0, 0, 0, 1}));
    EXPECT_EQ(receive(*master, 7), with_crc({5, 3, 2, 0, 0}));
    send_all(*master, with_crc({5, 3, 9, 0, 0, 1}));
    EXPECT_EQ(receive(*master, 5), with_crc({5, 0x83, 2}));
  }
  EXPECT_EQ(server_->counters().exceptions, 2u);
}

TEST_F(Served, requests_in_any_pieces_and_many_at_once_are_all_answered) {
  const Descriptor master = connect_to(server_->ports()[0]);
  Bytes requests;
  Bytes expected;
  for (uint8_t n = 0; n < 200; ++n) {
    const Bytes request = read_one(n);
    const Bytes answer = answer_of(n, 0);
    requests.insert(requests.end(), request.begin(), request.end());
    expected.insert(expected.end(), answer.begin(), answer.end());
  }
  for (size_t at = 0; at < 25; ++at) send_all(master, {requests[at]});
  send_all(master, Bytes(requests.begin() + 25, requests.end()));
  EXPECT_EQ(receive(master, expected.size()), expected);
}

TEST_F(Served, a_unit_that_is_not_there_stays_silent) {
  const Descriptor master = connect_to(server_->ports()[0]);
  send_all(master, read_one(1, 9));
  send_all(master, read_one(2));
  EXPECT_EQ(receive(master, 11), answer_of(2, 0));  // nothing came before it
  EXPECT_EQ(server_->counters().unknown_units, 1u);
}

TEST_F(Served, a_broadcast_is_obeyed_by_all_and_answered_by_none) {
  const Descriptor line = connect_to(server_->ports()[1]);
  send_all(line, with_crc({0, 6, 0, 1, 0, 77}));
  for (const uint8_t unit : {uint8_t{5}, uint8_t{6}}) {
    send_all(line, with_crc({unit, 3, 0, 1, 0, 1}));
    EXPECT_EQ(receive(line, 7), with_crc({unit, 3, 2, 0, 77}));
  }
}

TEST_F(Served, noise_on_a_line_is_skipped_and_noise_on_tcp_closes_the_connection) {
  const Descriptor line = connect_to(server_->ports()[1]);
  Bytes noisy(10, 0x55);
  const Bytes request = with_crc({5, 3, 0, 0, 0, 1});
  noisy.insert(noisy.end(), request.begin(), request.end());
  noisy.resize(300);
  send_all(line, noisy);
  EXPECT_EQ(receive(line, 7), with_crc({5, 3, 2, 0, 0}));

  const Descriptor tcp = connect_to(server_->ports()[0]);
  send_all(tcp, Bytes(20, 0x55));
  EXPECT_EQ(receive(tcp, 1).size(), 0u);
}

TEST_F(Served, what_was_left_of_a_request_does_not_spoil_the_next_one) {
  const Descriptor line = connect_to(server_->ports()[1]);
  send_all(line, with_crc({6, 3, 0, 0, 0, 1}));  // once answered, this connection has been seen
  receive(line, 7);
  send_all(line, {5, 16, 0, 0, 0, 100, 200});  // a write that never comes to its end
  const auto before = server_->counters();
  // The half request is there before the clock moves: ask for it through a second connection until the loop has turned.
  const Descriptor other = connect_to(server_->ports()[0]);
  send_all(other, read_one(1));
  receive(other, 11);
  clock_.advance(std::chrono::seconds(1));
  send_all(line, with_crc({5, 3, 0, 0, 0, 1}));
  EXPECT_EQ(receive(line, 7), with_crc({5, 3, 2, 0, 1}));
  EXPECT_EQ(server_->counters().noise_bytes, before.noise_bytes);
}

TEST_F(Served, a_master_that_takes_no_answers_harms_nobody_and_gets_them_all_later) {
  const Descriptor lazy = connect_to(server_->ports()[0], 8192);
  ASSERT_EQ(::fcntl(lazy.fd(), F_SETFL, O_NONBLOCK), 0);
  Bytes request = read_one(1);
  request[11] = 125;
  size_t sent = 0;
  size_t offset = 0;
  // Until neither side takes any more: both socket buffers and the server's own are full then.
  pollfd room{lazy.fd(), POLLOUT, 0};
  while (::poll(&room, 1, 300) > 0) {
    const ssize_t wrote = ::write(lazy.fd(), request.data() + offset, request.size() - offset);
    if (wrote < 0) continue;
    offset += static_cast<size_t>(wrote);
    sent += offset / request.size();
    offset %= request.size();
    ASSERT_LT(sent, 10'000'000u) << "answers are kept without a limit";
  }
  const Descriptor other = connect_to(server_->ports()[0]);
  send_all(other, read_one(7));
  EXPECT_EQ(receive(other, 11), answer_of(7, 0));
  EXPECT_EQ(receive(lazy, sent * 259).size(), sent * 259);
}

TEST_F(Served, many_masters_are_served_at_once) {
  std::vector<Descriptor> masters;
  for (int n = 0; n < 300; ++n) masters.push_back(connect_to(server_->ports()[0]));
  for (const Descriptor& master : masters) send_all(master, read_one(3));
  for (const Descriptor& master : masters) EXPECT_EQ(receive(master, 11), answer_of(3, 0));
  EXPECT_EQ(server_->counters().connections, 300u);
}

TEST_F(Served, masters_of_a_line_may_come_and_go) {
  for (int n = 0; n < 3; ++n) {
    const Descriptor line(::open(link_.c_str(), O_RDWR | O_NOCTTY | O_CLOEXEC));
    ASSERT_TRUE(line);
    send_all(line, with_crc({5, 3, 0, 0, 0, 1}));
    EXPECT_EQ(receive(line, 7), with_crc({5, 3, 2, 0, 0}));
  }
}

TEST_F(Served, the_link_is_removed_at_the_end_and_an_old_one_is_replaced) {
  EXPECT_TRUE(std::filesystem::is_symlink(link_));
  server_->stop();
  EXPECT_FALSE(std::filesystem::exists(std::filesystem::symlink_status(link_)));
  std::filesystem::create_symlink("/dev/pts/nowhere", link_);
  server_.emplace(*plant_, clock_);
  ASSERT_TRUE(server_->start());
  EXPECT_EQ(std::filesystem::read_symlink(link_), server_->pty_paths()[2]);
}

TEST_F(Served, a_file_in_the_place_of_the_link_is_left_alone) {
  server_->stop();
  Descriptor(::open(link_.c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600)).close();
  server_.emplace(*plant_, clock_);
  EXPECT_EQ(server_->start().fault(), Fault::io);
  EXPECT_TRUE(std::filesystem::is_regular_file(link_));
  std::filesystem::remove(link_);
}

TEST_F(Served, a_taken_port_is_an_error_that_names_it) {
  const auto port = static_cast<int64_t>(server_->ports()[0]);
  const auto plant = PlantFields().tcp({{"port", port}}).device({}, {{{"address", "holding:0"}}}).plant();
  PlantServer second(*plant, clock_);
  const Status status = second.start();
  EXPECT_EQ(status.fault(), Fault::io);
  EXPECT_NE(status.what().find("127.0.0.1:" + std::to_string(port)), std::string::npos) << status.what();
}

TEST_F(Served, the_endpoints_are_told_as_a_user_needs_them) {
  const auto texts = server_->endpoint_texts();
  ASSERT_EQ(texts.size(), 3u);
  EXPECT_EQ(texts[0], "tcp 127.0.0.1:" + std::to_string(server_->ports()[0]));
  EXPECT_EQ(texts[2], "serial " + link_ + " -> " + server_->pty_paths()[2]);
}

}  // namespace
}  // namespace ferrule

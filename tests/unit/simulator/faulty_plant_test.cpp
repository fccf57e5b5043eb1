// A plant whose script of faults is played: what its masters see.
#include <fcntl.h>
#include <gtest/gtest.h>

#include <optional>
#include <thread>

#include "simulator/plant_server.h"
#include "tests/fakes/manual_clock.h"
#include "tests/unit/simulator/master.h"
#include "tests/unit/simulator/plant_fields_of.h"

namespace ferrule {
namespace {

using namespace std::chrono_literals;
using simulator::Descriptor;
using Bytes = std::vector<uint8_t>;

// One device, unit 5, with a register that says 7.
PlantFields with_device(PlantFields endpoints) {
  return endpoints.device({{"unit_id", "5"}}, {{{"address", "holding:0"}, {"value", 7.0}}});
}

class Faulty : public testing::Test {
 protected:
  void serve(const PlantFields& fields) {
    plant_ = fields.plant();
    ASSERT_NE(plant_, nullptr);
    server_.emplace(*plant_, clock_);
    const Status status = server_->start();
    ASSERT_TRUE(status) << status.what();
  }

  // How the connection to this port ends: true when the other side closes it.
  static bool is_closed(const Descriptor& master) {
    pollfd waiting{master.fd(), POLLIN, 0};
    if (::poll(&waiting, 1, 10'000) <= 0) return false;
    uint8_t byte = 0;
    return ::read(master.fd(), &byte, 1) <= 0;
  }

  // The clock may move then.
  void wait_for_requests(uint64_t count) const {
    while (server_->counters().requests < count) std::this_thread::yield();
  }

  ManualClock clock_;
  std::unique_ptr<Plant> plant_;
  std::optional<PlantServer> server_;
};

TEST_F(Faulty, a_late_answer_leaves_when_its_time_has_come) {
  serve(with_device(PlantFields().tcp()).fault({{"fault", "late"}, {"delay", Duration(50ms)}, {"for", Duration(1s)}}));
  const Descriptor master = connect_to(server_->ports()[0]);
  send_all(master, read_one(1));
  wait_for_requests(1);
  EXPECT_EQ(receive(master, 1, 100).size(), 0u) << "the clock stands still";
  clock_.advance(50ms);
  EXPECT_EQ(receive(master, 11), answer_of(1, 7));
  clock_.advance(1s);  // the fault is over
  send_all(master, read_one(2));
  EXPECT_EQ(receive(master, 11), answer_of(2, 7));
}

TEST_F(Faulty, on_a_stream_no_frame_comes_between_the_bytes_of_another) {
  serve(with_device(PlantFields().tcp()).fault({{"fault", "drip"}, {"delay", Duration(10ms)}}));
  const Descriptor master = connect_to(server_->ports()[0]);
  send_all(master, read_one(1));
  wait_for_requests(1);
  clock_.advance(25ms);  // a few bytes of the first answer are out
  send_all(master, read_one(2));
  wait_for_requests(2);
  clock_.advance(10s);
  Bytes both = answer_of(1, 7);
  const Bytes second = answer_of(2, 7);
  both.insert(both.end(), second.begin(), second.end());
  EXPECT_EQ(receive(master, both.size()), both);
}

TEST_F(Faulty, a_device_that_restarts_closes_its_connections_and_forgets_what_was_written) {
  serve(with_device(PlantFields().tcp())
            .fault({{"fault", "reboot"}, {"from", Duration(10s)}, {"for", Duration(5s)}, {"every", Duration(60s)}}));
  const Descriptor before = connect_to(server_->ports()[0]);
  send_all(before, {0, 1, 0, 0, 0, 6, 5, 6, 0, 0, 0, 99});
  ASSERT_EQ(receive(before, 12).size(), 12u);
  clock_.advance(11s);
  EXPECT_TRUE(is_closed(before));
  EXPECT_TRUE(is_closed(connect_to(server_->ports()[0]))) << "nobody is let in meanwhile";
  clock_.advance(5s);
  while (true) {  // until the server has seen that the time is over
    const Descriptor after = connect_to(server_->ports()[0]);
    send_all(after, read_one(2));
    const Bytes answer = receive(after, 11);
    if (answer.empty()) continue;
    EXPECT_EQ(answer, answer_of(2, 7));
    break;
  }
}

TEST_F(Faulty, half_open_connections_stay_dead_and_new_ones_live) {
  serve(
      with_device(PlantFields().tcp({{"max_connections", int64_t{2}}})).fault({{"fault", "half_open"}, {"from", Duration(10s)}}));
  Descriptor old = connect_to(server_->ports()[0]);
  send_all(old, read_one(1));
  ASSERT_EQ(receive(old, 11), answer_of(1, 7));
  clock_.advance(11s);
  Descriptor fresh;
  for (uint8_t turn = 2; true; ++turn) {  // the first may still be one of the old
    send_all(old, read_one(turn));
    if (receive(old, 11, 100).empty()) break;
    ASSERT_LT(turn, 100) << "it never died";
  }
  fresh = connect_to(server_->ports()[0]);
  send_all(fresh, read_one(3));
  EXPECT_EQ(receive(fresh, 11), answer_of(3, 7));
  EXPECT_EQ(receive(old, 1, 50).size(), 0u);
  old.close();  // a dead one takes its place until its master closes it
  while (true) {
    const Descriptor third = connect_to(server_->ports()[0]);
    send_all(third, read_one(4));
    if (receive(third, 11).size() == 11) break;
  }
}

TEST_F(Faulty, a_device_with_room_for_one_connection_closes_the_second_at_once) {
  serve(with_device(PlantFields().tcp({{"max_connections", int64_t{1}}})));
  const Descriptor first = connect_to(server_->ports()[0]);
  send_all(first, read_one(1));
  ASSERT_EQ(receive(first, 11), answer_of(1, 7));
  EXPECT_TRUE(is_closed(connect_to(server_->ports()[0])));
  EXPECT_EQ(server_->counters().refused_connections, 1u);
  send_all(first, read_one(2));
  EXPECT_EQ(receive(first, 11), answer_of(2, 7));
}

TEST_F(Faulty, an_echoing_line_hands_every_request_back_even_those_that_nobody_answers) {
  serve(with_device(PlantFields().tcp({{"rtu_over_tcp", true}})).fault({{"fault", "echo"}}));
  const Descriptor line = connect_to(server_->ports()[0]);
  const Bytes to_nobody = with_crc({9, 3, 0, 0, 0, 1});
  send_all(line, to_nobody);
  EXPECT_EQ(receive(line, to_nobody.size()), to_nobody);
  Bytes expected = with_crc({5, 3, 0, 0, 0, 1});
  send_all(line, expected);
  const Bytes answer = with_crc({5, 3, 2, 0, 7});
  expected.insert(expected.end(), answer.begin(), answer.end());
  EXPECT_EQ(receive(line, expected.size()), expected);
}

TEST_F(Faulty, a_line_with_a_baud_rate_takes_its_time_for_each_byte) {
  const std::string link = testing::TempDir() + "paced-line-" + std::to_string(::getpid());
  serve(with_device(PlantFields().serial(link, {{"baud", int64_t{1000}}})));  // 10 ms a character
  const Descriptor line(::open(link.c_str(), O_RDWR | O_NOCTTY | O_CLOEXEC));
  ASSERT_TRUE(line);
  send_all(line, with_crc({5, 3, 0, 0, 0, 1}));
  wait_for_requests(1);
  clock_.advance(149ms);  // 8 characters there, 7 back
  EXPECT_EQ(receive(line, 1, 100).size(), 0u);
  clock_.advance(1ms);
  EXPECT_EQ(receive(line, 7), with_crc({5, 3, 2, 0, 7}));
}

}  // namespace
}  // namespace ferrule

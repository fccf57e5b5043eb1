// Lines with noise, echoes, late and foreign answers: RTU on a pseudo terminal, and through a TCP gateway.
#include <gtest/gtest.h>

#include <atomic>

#include "tests/fakes/modbus_channel.h"
#include "tests/fakes/recording_sink.h"
#include "tests/fakes/scripted_device.h"

namespace ferrule {

namespace {

using namespace std::chrono_literals;
using Peer = ScriptedDevice::Peer;

// Two units with two tags each that are read in requests of the same length, on a serial line.
class SerialPlant {
 public:
  explicit SerialPlant(ScriptedDevice::Script script) : device(terminal, std::move(script)) {
    channel.serial(terminal.port(), 9600);
    for (const int unit : {5, 6}) {
      channel.device(unit);
      tags.push_back(channel.tag("holding:100", "", true));
      tags.push_back(channel.tag("holding:200"));
    }
    driver = channel.build();
    for (size_t i = 0; i < 2; ++i) {
      for (const Request& request : channel.plan(*driver, i)) requests.push_back(request);
    }
    EXPECT_TRUE(driver->connect(channel.in(5s)).ok());
  }
  Exchange read(size_t index, Duration timeout = 5s) {
    sink.said.clear();
    return driver->read(requests[index], sink, channel.in(timeout));
  }
  Value value(size_t index) const { return sink.value(tags[index]); }
  WriteOutcome write(int64_t number, Duration timeout = 5s) {
    Command command;
    command.tag = tags[0];
    command.value = number;
    command.expires = channel.in(1min);
    return driver->write(command, channel.in(timeout));
  }

  PseudoTerminal terminal;
  ModbusChannel channel;
  ScriptedDevice device;
  std::vector<TagId> tags;
  std::unique_ptr<Driver> driver;
  Requests requests;
  RecordingSink sink;
};

// The answer of a healthy device: the address is the value.
Bytes right_answer(const HeardRequest& heard) { return read_answer(heard.unit(), 3, {heard.address()}); }

TEST(HostileRtu, a_late_answer_is_never_taken_for_another_registers) {
  int turn = 0;
  SerialPlant plant([&](Peer& peer, const HeardRequest& heard) {
    if (++turn == 1) peer.linger(150ms);  // past the driver's timeout of 100 ms
    peer.send_rtu(right_answer(heard));
  });
  EXPECT_EQ(plant.read(0, 100ms).status.fault(), Fault::timeout);
  EXPECT_TRUE(plant.read(1).status.ok());
  EXPECT_EQ(plant.value(1), Value(uint64_t{200}));
}

TEST(HostileRtu, the_same_question_is_repeated_at_once_and_its_second_answer_is_not_taken_either) {
  int turn = 0;
  SerialPlant plant([&](Peer& peer, const HeardRequest& heard) {
    if (++turn <= 2) peer.linger(150ms);
    peer.send_rtu(right_answer(heard));
  });
  EXPECT_EQ(plant.read(0, 100ms).status.fault(), Fault::timeout);
  EXPECT_TRUE(plant.read(0).status.ok());
  EXPECT_EQ(plant.value(0), Value(uint64_t{100}));
  EXPECT_TRUE(plant.read(1).status.ok());
  EXPECT_EQ(plant.value(1), Value(uint64_t{200}));
}

TEST(HostileRtu, a_neighbour_is_asked_at_once_while_a_late_answer_is_outstanding) {
  int turn = 0;
  SerialPlant plant([&](Peer& peer, const HeardRequest& heard) {
    if (++turn == 1) peer.linger(150ms);
    peer.send_rtu(right_answer(heard));
  });
  EXPECT_EQ(plant.read(0, 100ms).status.fault(), Fault::timeout);
  EXPECT_TRUE(plant.read(2).status.ok()) << "the late answer of unit 5 is dropped in the middle of unit 6's exchange";
  EXPECT_EQ(plant.value(2), Value(uint64_t{100}));
}

TEST(HostileRtu, a_hold_off_longer_than_the_deadline_costs_the_line_nothing) {
  SerialPlant plant([&](Peer&, const HeardRequest&) {});
  EXPECT_EQ(plant.read(0, 200ms).status.fault(), Fault::timeout);
  const Exchange held = plant.read(1, 20ms);
  EXPECT_EQ(held.status.fault(), Fault::timeout);
  EXPECT_EQ(held.bytes_out, 0u);
  EXPECT_NE(held.status.what().find("held off"), std::string::npos) << held.status.what();
}

TEST(HostileRtu, any_damaged_bit_is_a_bad_reply_or_a_timeout_and_never_a_value) {
  std::atomic<size_t> bit = 0;
  std::atomic<bool> damaged = true;
  SerialPlant plant([&](Peer& peer, const HeardRequest& heard) {
    Bytes frame = rtu_frame(right_answer(heard));
    if (damaged) frame[bit / 8] ^= static_cast<uint8_t>(1 << (bit % 8));
    peer.send(frame);
  });
  for (; bit < 7 * 8; bit += 5) {
    damaged = true;
    const Fault fault = plant.read(0, 40ms).status.fault();
    EXPECT_TRUE(fault == Fault::bad_reply || fault == Fault::timeout) << bit;
    EXPECT_TRUE(plant.value(0).empty()) << bit;
    damaged = false;
    EXPECT_TRUE(plant.read(0).status.ok()) << bit;
    EXPECT_EQ(plant.value(0), Value(uint64_t{100}));
  }
}

TEST(HostileRtu, wrong_lengths_functions_and_units_are_never_taken) {
  const std::vector<Bytes> wrong{
      read_answer(5, 4, {1}), read_answer(5, 3, {1, 2}), {5, 0x84, 2}, {5, 6, 0, 100, 0, 1}, {5, 0x83, 0}, read_answer(6, 3, {1}),
  };
  size_t turn = 0;
  SerialPlant plant([&](Peer& peer, const HeardRequest& heard) {
    peer.send_rtu(turn % 2 == 0 ? wrong[turn / 2] : right_answer(heard));
    ++turn;
  });
  for (const Bytes& body : wrong) {
    const Fault fault = body[0] == 5 ? Fault::bad_reply : Fault::timeout;  // another's answer: the unit itself is silent
    EXPECT_EQ(plant.read(0, 60ms).status.fault(), fault) << testing::PrintToString(body);
    EXPECT_TRUE(plant.value(0).empty());
    EXPECT_TRUE(plant.read(0).status.ok());
  }
}

TEST(HostileRtu, half_an_answer_of_any_length_leaves_the_next_read_good) {
  for (size_t kept = 1; kept < 7; ++kept) {
    bool cut = true;
    SerialPlant plant([&](Peer& peer, const HeardRequest& heard) {
      Bytes frame = rtu_frame(right_answer(heard));
      if (cut) frame.resize(kept);
      cut = false;
      peer.send(frame);
    });
    EXPECT_EQ(plant.read(0, 60ms).status.fault(), Fault::timeout) << kept;
    EXPECT_TRUE(plant.read(1).status.ok()) << kept;
    EXPECT_EQ(plant.value(1), Value(uint64_t{200}));
  }
}

TEST(HostileRtu, pauses_inside_a_frame_are_tolerated) {
  SerialPlant plant([&](Peer& peer, const HeardRequest& heard) {
    for (const uint8_t byte : rtu_frame(right_answer(heard))) {
      peer.send({byte});
      peer.linger(10ms);
    }
  });
  for (size_t i = 0; i < 4; ++i) EXPECT_TRUE(plant.read(i).status.ok()) << i;
}

TEST(HostileRtu, a_glitch_before_an_answer_and_garbage_after_it_do_no_harm) {
  SerialPlant plant([&](Peer& peer, const HeardRequest& heard) {
    Bytes bytes{0x00, 0xff};
    const Bytes frame = rtu_frame(right_answer(heard));
    bytes.insert(bytes.end(), frame.begin(), frame.end());
    bytes.push_back(0xff);
    peer.send(bytes);
  });
  for (size_t i = 0; i < 8; ++i) {
    EXPECT_TRUE(plant.read(i % 4).status.ok());
    EXPECT_EQ(plant.value(i % 4), Value(uint64_t{i % 2 == 0 ? 100u : 200u}));
  }
}

TEST(HostileRtu, a_burst_of_garbage_is_over_after_one_bad_read) {
  int turn = 0;
  SerialPlant plant([&](Peer& peer, const HeardRequest& heard) {
    if (++turn > 1) return peer.send_rtu(right_answer(heard));
    Bytes burst(1024);
    for (size_t i = 0; i < burst.size(); ++i) burst[i] = static_cast<uint8_t>(i * 7 + i / 13);
    peer.send(burst);
  });
  EXPECT_FALSE(plant.read(0, 100ms).status.ok());
  EXPECT_TRUE(plant.read(0).status.ok());
}

TEST(HostileRtu, the_echo_of_an_rs485_adapter_is_skipped_for_reads_and_writes) {
  SerialPlant plant([&](Peer& peer, const HeardRequest& heard) {
    peer.send_rtu(heard.body);
    peer.linger(5ms);
    if (heard.function() == 3) return peer.send_rtu(right_answer(heard));
    peer.send_rtu({5, 0x86, 4});  // the echo alone would look like a confirmation
  });
  for (size_t i = 0; i < 4; ++i) EXPECT_TRUE(plant.read(i).status.ok()) << i;
  const WriteOutcome outcome = plant.write(7);
  EXPECT_EQ(outcome.result, CommandResult::refused);
  EXPECT_EQ(outcome.status.detail(), 4);
}

TEST(HostileRtu, a_write_without_an_echo_is_confirmed) {
  SerialPlant plant([&](Peer& peer, const HeardRequest& heard) {
    peer.send_rtu(heard.function() == 3 ? right_answer(heard) : Bytes(heard.body));
  });
  EXPECT_TRUE(plant.read(0).status.ok());
  EXPECT_EQ(plant.write(7).result, CommandResult::done);
}

TEST(HostileRtu, a_line_that_never_falls_silent_is_a_timeout_and_nothing_is_sent) {
  std::atomic<bool> babbles{true};
  SerialPlant plant([&](Peer& peer, const HeardRequest&) {
    for (int turn = 0; turn < 2000 && babbles; ++turn) {
      peer.send({0xff});
      peer.linger(1ms);
    }
  });
  EXPECT_FALSE(plant.read(0, 60ms).status.ok());
  const Exchange exchange = plant.read(2, 200ms);
  babbles = false;
  EXPECT_EQ(exchange.status.fault(), Fault::timeout) << exchange.status.what();
  EXPECT_EQ(exchange.bytes_out, 0u);
}

TEST(HostileRtu, the_port_can_be_closed_and_opened_often) {
  SerialPlant plant([&](Peer& peer, const HeardRequest& heard) { peer.send_rtu(right_answer(heard)); });
  ASSERT_TRUE(plant.read(0).status.ok());
  for (int turn = 0; turn < 100; ++turn) {
    plant.driver->disconnect();
    ASSERT_TRUE(plant.driver->connect(plant.channel.in(5s)).ok());
  }
  EXPECT_TRUE(plant.read(1).status.ok());
}

TEST(HostileRtu, over_tcp_the_checksum_and_the_late_answer_are_guarded_alike) {
  int turn = 0;
  ScriptedDevice device(
      [&](Peer& peer, const HeardRequest& heard) {
        ++turn;
        if (turn == 1) peer.linger(150ms);
        Bytes frame = rtu_frame(right_answer(heard));
        if (turn == 3) frame[4] ^= 1;
        peer.send(frame);
      },
      true);
  ModbusChannel channel;
  channel.tcp(device.port(), true).device(5);
  channel.tag("holding:100");
  const TagId second = channel.tag("holding:200");
  const auto driver = channel.build();
  const Requests requests = channel.plan(*driver);
  ASSERT_TRUE(driver->connect(channel.in(5s)).ok());
  RecordingSink sink;
  EXPECT_EQ(driver->read(requests[0], sink, channel.in(100ms)).status.fault(), Fault::timeout);
  EXPECT_TRUE(driver->read(requests[1], sink, channel.in(5s)).status.ok());
  EXPECT_EQ(sink.value(second), Value(uint64_t{200}));
  EXPECT_EQ(driver->read(requests[1], sink, channel.in(5s)).status.fault(), Fault::bad_reply);
  RecordingSink last;
  EXPECT_TRUE(driver->read(requests[1], last, channel.in(5s)).status.ok());
}

}  // namespace

}  // namespace ferrule

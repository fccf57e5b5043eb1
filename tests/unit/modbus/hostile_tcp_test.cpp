// Devices that answer late, twice, wrongly, in pieces or not at all, over Modbus TCP.
#include <gtest/gtest.h>

#include "tests/fakes/modbus_channel.h"
#include "tests/fakes/recording_sink.h"
#include "tests/fakes/scripted_device.h"

namespace ferrule {

namespace {

using namespace std::chrono_literals;
using Peer = ScriptedDevice::Peer;

// A driver with one tag of one register, in front of a device that does what the script says.
class Plant {
 public:
  explicit Plant(ScriptedDevice::Script script) : device(std::move(script)) {
    channel.tcp(device.port()).device(5);
    tag = channel.tag("holding:100");
    driver = channel.build();
    request = channel.plan(*driver)[0];
    EXPECT_TRUE(driver->connect(channel.in(5s)).ok());
  }
  Exchange read(Duration timeout = 5s) {
    sink.said.clear();
    return driver->read(request, sink, channel.in(timeout));
  }
  Reason reason() const { return sink.said.empty() ? Reason::none : sink.said[0].reason; }

  ModbusChannel channel;
  ScriptedDevice device;
  TagId tag{};
  std::unique_ptr<Driver> driver;
  Request request;
  RecordingSink sink;
};

TEST(HostileTcp, a_late_answer_is_dropped_and_the_next_read_gets_its_own) {
  int turn = 0;
  HeardRequest late;
  Plant plant([&](Peer& peer, const HeardRequest& heard) {
    if (++turn == 1) return void(late = heard);
    peer.send_tcp(late.transaction, read_answer(5, 3, {111}));
    peer.send_tcp(heard.transaction, read_answer(5, 3, {222}));
  });
  EXPECT_EQ(plant.read(100ms).status.fault(), Fault::timeout);
  EXPECT_TRUE(plant.read().status.ok());
  EXPECT_EQ(plant.sink.value(plant.tag), Value(uint64_t{222}));
  EXPECT_EQ(plant.device.connections(), 1) << "the connection stays";
}

TEST(HostileTcp, a_connection_through_which_nothing_comes_any_more_is_made_anew) {
  Plant* plant = nullptr;
  Plant hung([&](Peer& peer, const HeardRequest& heard) {
    if (plant->device.connections() > 1) peer.send_tcp(heard.transaction, read_answer(5, 3, {42}));
  });
  plant = &hung;
  for (int turn = 0; turn < 3; ++turn) EXPECT_EQ(hung.read(50ms).status.fault(), Fault::timeout);
  const Exchange given_up = hung.read();
  EXPECT_EQ(given_up.status.fault(), Fault::disconnected);
  EXPECT_EQ(given_up.bytes_out, 0u) << "the request can be made again at once";
  ASSERT_TRUE(hung.driver->connect(hung.channel.in(5s)).ok());
  EXPECT_TRUE(hung.read().status.ok());
  EXPECT_EQ(hung.sink.value(hung.tag), Value(uint64_t{42}));
}

TEST(HostileTcp, foreign_transactions_and_units_are_never_taken_and_the_wait_goes_on) {
  Plant plant([](Peer& peer, const HeardRequest& heard) {
    peer.send_tcp(static_cast<uint16_t>(heard.transaction + 1), read_answer(5, 3, {1}));
    peer.send_tcp(heard.transaction, read_answer(6, 3, {2}));
    peer.send_tcp(static_cast<uint16_t>(heard.transaction - 1), {5, 0x83, 2});
    peer.send_tcp(heard.transaction, read_answer(5, 3, {42}));
  });
  for (int turn = 0; turn < 100; ++turn) {
    ASSERT_TRUE(plant.read().status.ok());
    ASSERT_EQ(plant.sink.value(plant.tag), Value(uint64_t{42}));
  }
}

TEST(HostileTcp, late_answers_and_other_units_ones_do_not_hide_that_a_unit_is_silent) {
  int turn = 0;
  HeardRequest late;
  Plant plant([&](Peer& peer, const HeardRequest& heard) {
    if (++turn == 1) return void(late = heard);
    if (turn == 2) return peer.send_tcp(late.transaction, {5, 0x83, 11});
    peer.send_tcp(static_cast<uint16_t>(heard.transaction + 7), read_answer(6, 3, {1}));
  });
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(plant.read(100ms).status.fault(), Fault::timeout) << i;
    EXPECT_EQ(plant.reason(), Reason::none) << "the runner says timeout";
  }
}

TEST(HostileTcp, only_foreign_answers_until_the_deadline_are_a_bad_reply) {
  Plant plant([](Peer& peer, const HeardRequest& heard) {
    peer.send_tcp(static_cast<uint16_t>(heard.transaction + 7), read_answer(5, 3, {1}));
  });
  EXPECT_EQ(plant.read(100ms).status.fault(), Fault::bad_reply);
  EXPECT_EQ(plant.reason(), Reason::bad_reply);
}

TEST(HostileTcp, wrong_functions_counts_and_lengths_are_refused_and_the_next_read_is_good) {
  const std::vector<Bytes> wrong{
      {5, 4, 2, 0, 1},   {5, 3, 4, 0, 1, 0, 2}, {5, 3, 2, 0},    {5, 3, 2, 0, 1, 9},
      {5, 3, 255, 0, 1}, {5, 0x84, 2},          {5, 0x83, 2, 2}, {5, 3, 0},
  };
  size_t turn = 0;
  Plant plant([&](Peer& peer, const HeardRequest& heard) {
    peer.send_tcp(heard.transaction, turn % 2 == 0 ? wrong[turn / 2] : read_answer(5, 3, {7}));
    ++turn;
  });
  for (const Bytes& body : wrong) {
    EXPECT_EQ(plant.read().status.fault(), Fault::bad_reply) << testing::PrintToString(body);
    EXPECT_EQ(plant.reason(), Reason::bad_reply);
    EXPECT_TRUE(plant.read().status.ok());
    EXPECT_EQ(plant.sink.value(plant.tag), Value(uint64_t{7}));
  }
  EXPECT_EQ(plant.device.connections(), 1);
}

TEST(HostileTcp, an_exception_is_a_refusal_with_its_code) {
  Plant plant([](Peer& peer, const HeardRequest& heard) { peer.send_tcp(heard.transaction, {5, 0x83, 2}); });
  EXPECT_TRUE(plant.read().status.ok());
  ASSERT_EQ(plant.sink.said.size(), 1u);
  EXPECT_EQ(plant.reason(), Reason::device_refused);
  EXPECT_EQ(plant.sink.said[0].detail, 2);
}

TEST(HostileTcp, a_gateway_that_speaks_for_a_silent_unit_makes_it_a_timeout) {
  Plant plant([](Peer& peer, const HeardRequest& heard) { peer.send_tcp(heard.transaction, {5, 0x83, 11}); });
  EXPECT_EQ(plant.read().status.fault(), Fault::timeout);
  EXPECT_EQ(plant.sink.said[0].detail, 11);
}

TEST(HostileTcp, bytes_that_are_no_frame_close_the_link_and_a_new_one_works) {
  const std::vector<Bytes> garbage{
      {0, 1, 0, 0, 0xff, 0xff, 5, 3, 2, 0, 1},
      {0, 1, 0, 0, 0, 0, 5, 3, 2, 0, 1},
      {'H', 'T', 'T', 'P', '/', '1', '.', '1', ' '},
      Bytes(1000, 0xff),
  };
  for (const Bytes& bytes : garbage) {
    int turn = 0;
    Plant plant([&](Peer& peer, const HeardRequest& heard) {
      if (++turn == 1) return peer.send(bytes);
      peer.send_tcp(heard.transaction, read_answer(5, 3, {7}));
    });
    EXPECT_EQ(plant.read().status.fault(), Fault::disconnected);
    EXPECT_EQ(plant.reason(), Reason::bad_reply);
    EXPECT_EQ(plant.read().status.fault(), Fault::disconnected);
    ASSERT_TRUE(plant.driver->connect(plant.channel.in(5s)).ok());
    EXPECT_TRUE(plant.read().status.ok());
  }
}

TEST(HostileTcp, an_answer_in_single_bytes_or_two_in_one_lump_is_put_together) {
  int turn = 0;
  Plant plant([&](Peer& peer, const HeardRequest& heard) {
    const Bytes frame = tcp_frame(heard.transaction, read_answer(5, 3, {7}));
    if (++turn == 1) {
      for (const uint8_t byte : frame) peer.send({byte});
      return;
    }
    Bytes lump = tcp_frame(static_cast<uint16_t>(heard.transaction - 1), read_answer(5, 3, {1}));
    lump.insert(lump.end(), frame.begin(), frame.end());
    peer.send(lump);
  });
  for (int i = 0; i < 2; ++i) {
    EXPECT_TRUE(plant.read().status.ok());
    EXPECT_EQ(plant.sink.value(plant.tag), Value(uint64_t{7}));
  }
}

TEST(HostileTcp, half_an_answer_then_silence_is_a_timeout_and_what_is_left_of_it_is_dropped_later) {
  const Bytes body = read_answer(5, 3, {7});
  for (size_t kept = 1; kept < 11; ++kept) {
    Bytes rest;
    Plant plant([&](Peer& peer, const HeardRequest& heard) {
      const Bytes frame = tcp_frame(heard.transaction, body);
      const auto cut = frame.begin() + static_cast<long>(kept);
      if (rest.empty()) {
        peer.send(Bytes(frame.begin(), cut));
        rest.assign(cut, frame.end());
        return;
      }
      peer.send(rest);
      peer.send(frame);
    });
    EXPECT_EQ(plant.read(30ms).status.fault(), Fault::timeout) << kept;
    EXPECT_TRUE(plant.read().status.ok()) << kept;
    EXPECT_EQ(plant.sink.value(plant.tag), Value(uint64_t{7}));
  }
}

TEST(HostileTcp, a_byte_now_and_then_does_not_stretch_the_deadline) {
  Plant plant([](Peer& peer, const HeardRequest& heard) {
    for (const uint8_t byte : tcp_frame(heard.transaction, read_answer(5, 3, {7}))) {
      peer.send({byte});
      peer.linger(50ms);
    }
  });
  const Deadline deadline = plant.channel.in(120ms);
  RecordingSink sink;
  EXPECT_EQ(plant.driver->read(plant.request, sink, deadline).status.fault(), Fault::timeout);
  EXPECT_GE(plant.channel.clock.now(), deadline);
}

TEST(HostileTcp, a_reset_at_any_byte_is_a_lost_link_and_leaks_no_descriptor) {
  const int before = dup(0);
  for (size_t kept = 0; kept < 11; ++kept) {
    Plant plant([kept](Peer& peer, const HeardRequest& heard) {
      Bytes frame = tcp_frame(heard.transaction, read_answer(5, 3, {7}));
      frame.resize(kept);
      peer.send(frame);
      peer.reset();
    });
    EXPECT_EQ(plant.read().status.fault(), Fault::disconnected) << kept;
  }
  close(before);
  const int after = dup(0);
  EXPECT_EQ(after, before);
  close(after);
}

TEST(HostileTcp, a_write_without_an_answer_is_unknown_and_is_sent_once) {
  ScriptedDevice device([](Peer&, const HeardRequest&) {});
  ModbusChannel channel;
  channel.tcp(device.port()).device(5);
  Command command;
  command.tag = channel.tag("holding:100", "", true);
  command.value = int64_t{1};
  command.expires = channel.in(1min);
  const auto driver = channel.build();
  ASSERT_TRUE(driver->connect(channel.in(5s)).ok());
  EXPECT_EQ(driver->write(command, channel.in(100ms)).result, CommandResult::unknown);
  EXPECT_EQ(device.requests(), 1);
}

TEST(HostileTcp, a_refused_write_says_so_with_its_code) {
  ScriptedDevice device([](Peer& peer, const HeardRequest& heard) { peer.send_tcp(heard.transaction, {5, 0x86, 3}); });
  ModbusChannel channel;
  channel.tcp(device.port()).device(5);
  Command command;
  command.tag = channel.tag("holding:100", "", true);
  command.value = int64_t{70000};
  command.expires = channel.in(1min);
  const auto driver = channel.build();
  ASSERT_TRUE(driver->connect(channel.in(5s)).ok());
  EXPECT_EQ(driver->write(command, channel.in(5s)).result, CommandResult::refused) << "does not fit: never sent";
  EXPECT_EQ(device.requests(), 0);
  command.value = int64_t{7};
  const WriteOutcome outcome = driver->write(command, channel.in(5s));
  EXPECT_EQ(outcome.result, CommandResult::refused);
  EXPECT_EQ(outcome.status.detail(), 3);
}

}  // namespace

}  // namespace ferrule

// What becomes of a write: refusals, reading back, broadcasts, and commands that grow too old while the line is busy.
#include <gtest/gtest.h>

#include <atomic>

#include "tests/fakes/modbus_channel.h"
#include "tests/fakes/recording_sink.h"
#include "tests/fakes/scripted_device.h"

namespace ferrule {

namespace {

using namespace std::chrono_literals;
using Peer = ScriptedDevice::Peer;

// One device with one tag that may be written, on TCP.
class WritableDevice {
 public:
  explicit WritableDevice(ScriptedDevice::Script script, const std::string& address = "holding:100", const std::string& type = "")
      : device(std::move(script)) {
    channel.tcp(device.port()).device(5);
    tag = channel.tag(address, type, true);
  }
  void start() {
    driver = channel.build();
    ASSERT_NE(driver, nullptr);
    ASSERT_TRUE(driver->connect(channel.in(5s)).ok());
  }
  Command command(Value value, Duration expires = 1min) const { return {"x", tag, std::move(value), channel.in(expires)}; }

  ModbusChannel channel;
  ScriptedDevice device;
  TagId tag{};
  std::unique_ptr<Driver> driver;
};

// As `register_now`, except that writes are echoed.
ScriptedDevice::Script holding(std::atomic<uint16_t>& register_now) {
  return [&register_now](Peer& peer, const HeardRequest& heard) {
    if (heard.function() == 3) return peer.send_tcp(heard.transaction, read_answer(5, 3, {register_now}));
    peer.send_tcp(heard.transaction, heard.body);
  };
}

TEST(ModbusWrites, one_that_is_read_back_is_done_only_where_the_device_has_it) {
  std::atomic<uint16_t> held{700};
  WritableDevice plant(holding(held));
  plant.channel.device_fields().set("read_back", true, {});
  plant.start();
  const Command command = plant.command(Value(int64_t{700}));
  const WriteOutcome sent = plant.driver->write(command, plant.channel.in(5s));
  EXPECT_EQ(sent.result, CommandResult::done);
  EXPECT_TRUE(sent.read_back);
  EXPECT_EQ(plant.driver->read_back(command, plant.channel.in(5s)).result, CommandResult::done);
  held = 650;
  const WriteOutcome other = plant.driver->read_back(command, plant.channel.in(5s));
  EXPECT_EQ(other.result, CommandResult::refused);
  EXPECT_NE(other.status.what().find("650 instead of 700"), std::string::npos) << other.status.what();
}

TEST(ModbusWrites, only_the_bits_that_were_written_are_compared) {
  std::atomic<uint16_t> held{0xffdf};
  WritableDevice plant(holding(held), "holding:100.4-7");
  plant.channel.tag_fields().set("read_back", true, {});
  plant.start();
  const Command command = plant.command(Value(int64_t{0xd}));
  EXPECT_TRUE(plant.driver->write(command, plant.channel.in(5s)).read_back);
  EXPECT_EQ(plant.driver->read_back(command, plant.channel.in(5s)).result, CommandResult::done);
  held = 0xffcf;
  EXPECT_EQ(plant.driver->read_back(command, plant.channel.in(5s)).result, CommandResult::refused);
}

TEST(ModbusWrites, what_cannot_be_read_back_is_unknown) {
  WritableDevice plant([](Peer& peer, const HeardRequest& heard) {
    if (heard.function() == 3) return peer.send_tcp(heard.transaction, {5, 0x83, 2});
    peer.send_tcp(heard.transaction, heard.body);
  });
  plant.channel.tag_fields().set("read_back", true, {});
  plant.start();
  const Command command = plant.command(Value(int64_t{7}));
  EXPECT_TRUE(plant.driver->write(command, plant.channel.in(5s)).read_back);
  const WriteOutcome outcome = plant.driver->read_back(command, plant.channel.in(5s));
  EXPECT_EQ(outcome.result, CommandResult::unknown);
  EXPECT_NE(outcome.status.what().find("exception 2"), std::string::npos) << outcome.status.what();
}

TEST(ModbusWrites, a_refused_write_is_not_read_back_and_an_unknown_function_names_its_remedy) {
  const struct {
    const char* address;
    const char* remedy;
  } table[] = {{"holding:100", "`functions`"}, {"holding:100.3", "whole register"}};
  for (const auto& row : table) {
    WritableDevice plant(
        [](Peer& peer, const HeardRequest& heard) {
          peer.send_tcp(heard.transaction, {5, static_cast<uint8_t>(heard.function() | 0x80), 1});
        },
        row.address);
    plant.channel.tag_fields().set("read_back", true, {});
    plant.start();
    const WriteOutcome outcome = plant.driver->write(plant.command(Value(true)), plant.channel.in(5s));
    EXPECT_EQ(outcome.result, CommandResult::refused);
    EXPECT_FALSE(outcome.read_back);
    EXPECT_NE(outcome.status.what().find(row.remedy), std::string::npos) << outcome.status.what();
  }
}

TEST(ModbusWrites, one_that_a_gateway_had_no_way_for_has_reached_nobody) {
  WritableDevice plant([](Peer& peer, const HeardRequest& heard) { peer.send_tcp(heard.transaction, {5, 0x86, 10}); });
  plant.start();
  const WriteOutcome outcome = plant.driver->write(plant.command(Value(int64_t{7})), plant.channel.in(5s));
  EXPECT_EQ(outcome.result, CommandResult::failed);
  EXPECT_EQ(outcome.status.fault(), Fault::timeout);
  EXPECT_EQ(outcome.status.detail(), 10);
}

TEST(ModbusWrites, a_confirmation_of_other_bits_is_no_confirmation) {
  WritableDevice plant(
      [](Peer& peer, const HeardRequest& heard) {
        Bytes body = heard.body;
        body.back() ^= 1;
        peer.send_tcp(heard.transaction, body);
      },
      "holding:100.3");
  plant.start();
  EXPECT_EQ(plant.driver->write(plant.command(Value(true)), plant.channel.in(5s)).result, CommandResult::unknown);
}

// Units 5 and 6 on a pseudo terminal; the tag of unit 5 is written to all.
TEST(ModbusWrites, a_broadcast_goes_to_unit_0_once_nobody_is_waited_for_and_the_line_goes_on) {
  PseudoTerminal terminal;
  std::vector<Bytes> heard_broadcasts;
  auto device = std::make_unique<ScriptedDevice>(terminal, [&](Peer& peer, const HeardRequest& heard) {
    if (heard.unit() == 0) return heard_broadcasts.push_back(heard.body);
    peer.send_rtu(read_answer(heard.unit(), 3, {7}));
  });
  ModbusChannel channel;
  channel.serial(terminal.port(), 9600).device(5);
  const TagId tag = channel.tag("holding:100", "", true);
  channel.tag_fields().set("broadcast", true, {});
  channel.tag_fields().set("read_back", true, {});
  const auto driver = channel.build();
  ASSERT_TRUE(driver->connect(channel.in(5s)).ok());
  const Command command{"x", tag, Value(int64_t{7}), channel.in(1min)};
  const MonoTime begun = channel.clock.now();
  const WriteOutcome outcome = driver->write(command, channel.in(5s));
  EXPECT_EQ(outcome.result, CommandResult::unknown) << "nobody has confirmed it";
  EXPECT_TRUE(outcome.read_back);
  EXPECT_GE(channel.clock.now() - begun, 100ms) << "the units have had time to act";
  EXPECT_EQ(driver->read_back(command, channel.in(5s)).result, CommandResult::done) << "and this one has";
  device.reset();
  EXPECT_EQ(heard_broadcasts, (std::vector<Bytes>{{0, 6, 0, 100, 0, 7}}));
}

TEST(ModbusWrites, after_one_that_was_not_confirmed_the_next_to_the_unit_is_to_wait_and_another_function_is_not) {
  PseudoTerminal terminal;
  ScriptedDevice device(terminal, [](Peer&, const HeardRequest&) {});
  ModbusChannel channel;
  channel.serial(terminal.port(), 9600).device(5);
  const TagId tag = channel.tag("holding:100", "", true);
  const TagId wide = channel.tag("holding:200", "uint32", true);
  const auto driver = channel.build();
  ASSERT_TRUE(driver->connect(channel.in(5s)).ok());
  const Command command{"x", tag, Value(int64_t{7}), channel.in(1min)};
  const MonoTime begun = channel.clock.now();
  EXPECT_EQ(driver->write_free_at(command, begun), begun);
  EXPECT_EQ(driver->write(command, channel.in(50ms)).result, CommandResult::unknown);
  const MonoTime now = channel.clock.now();
  EXPECT_GT(driver->write_free_at(command, now), now);
  EXPECT_EQ(driver->write_free_at({"y", wide, Value(int64_t{7}), channel.in(1min)}, now), now);
}

TEST(ModbusWrites, one_that_grows_too_old_while_the_line_is_made_quiet_is_never_sent) {
  PseudoTerminal terminal;
  std::atomic<int> writes{0};
  std::atomic<bool> babbles{true};
  ScriptedDevice device(terminal, [&](Peer& peer, const HeardRequest& heard) {
    if (heard.function() == 6) ++writes;
    for (int turn = 0; turn < 2000 && babbles; ++turn) {
      peer.send({0xff});
      peer.linger(1ms);
    }
  });
  ModbusChannel channel;
  channel.serial(terminal.port(), 9600).device(5);
  const TagId tag = channel.tag("holding:100", "", true);
  const auto driver = channel.build();
  const Requests requests = channel.plan(*driver);
  ASSERT_TRUE(driver->connect(channel.in(5s)).ok());
  RecordingSink sink;
  EXPECT_FALSE(driver->read(requests[0], sink, channel.in(60ms)).status.ok());
  const WriteOutcome outcome = driver->write({"x", tag, Value(int64_t{7}), channel.in(100ms)}, channel.in(5s));
  babbles = false;
  EXPECT_EQ(outcome.result, CommandResult::expired) << outcome.status.what();
  EXPECT_EQ(writes, 0);
}

}  // namespace

}  // namespace ferrule

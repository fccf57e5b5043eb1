#include <gtest/gtest.h>
#include <termios.h>

#include "link/line_settings.h"
#include "link/rs485.h"
#include "link/stream.h"
#include "link/stream_fields.h"
#include "tests/fakes/serial_cable.h"

namespace ferrule {

namespace {

using namespace std::chrono_literals;

Fields line(const std::string& port, int64_t baud = 9600, const std::string& parity = "none") {
  Fields serial(kSerialFields);
  serial.set("port", port);
  serial.set("baud", baud);
  serial.set("parity", parity);
  return serial;
}

class SerialStreamTest : public testing::Test {
 protected:
  std::unique_ptr<Stream> open(const Fields& serial) { return make_serial_stream(serial, clock, stop); }
  Deadline in(Duration duration) const { return clock.now() + duration; }
  PseudoTerminal terminal;
  SystemClock clock;
  StopSignal stop;
};

TEST_F(SerialStreamTest, carries_every_byte_unchanged_both_ways) {
  const auto stream = open(line(terminal.port()));
  ASSERT_TRUE(stream->connect(in(5s)).ok());
  Bytes all(256);
  for (size_t i = 0; i < all.size(); ++i) all[i] = static_cast<uint8_t>(i);
  ASSERT_TRUE(stream->write(all, in(5s)).ok());
  Bytes got(256);
  size_t filled = 0;
  while (filled < got.size()) {
    const ssize_t size = read(terminal.master(), got.data() + filled, got.size() - filled);
    ASSERT_GT(size, 0);
    filled += static_cast<size_t>(size);
  }
  EXPECT_EQ(got, all);
  ASSERT_EQ(write(terminal.master(), all.data(), all.size()), 256);
  for (filled = 0; filled < got.size();) {
    const auto size = stream->read(std::span(got).subspan(filled), in(5s));
    ASSERT_TRUE(size.ok());
    filled += *size;
  }
  EXPECT_EQ(got, all);
}

TEST(LineSettings, what_a_port_did_not_take_is_named) {
  LineSettings settings;
  settings.baud = 9600;
  settings.parity = Parity::even;
  settings.stop_bits = 2;
  termios wanted{};
  apply(settings, B9600, wanted);
  EXPECT_EQ(not_taken(wanted, wanted), "");
  termios got = wanted;
  got.c_cflag &= ~static_cast<tcflag_t>(PARENB | CSTOPB);
  EXPECT_EQ(not_taken(wanted, got), "parity, stop_bits");
  got = wanted;
  cfsetospeed(&got, B19200);
  EXPECT_EQ(not_taken(wanted, got), "baud");
}

TEST(LineSettings, every_baud_rate_that_the_table_admits_by_name_is_known) {
  for (const std::string_view baud : {"50", "75", "110", "134", "150", "200", "300", "4000000"})
    EXPECT_TRUE(check_baud(baud).ok()) << baud;
}

TEST_F(SerialStreamTest, sets_what_was_written_in_the_configuration) {
  Fields serial = line(terminal.port(), 19200, "odd");
  serial.set("stop_bits", int64_t{2});
  serial.set("data_bits", int64_t{7});
  const auto stream = open(serial);
  ASSERT_TRUE(stream->connect(in(5s)).ok());
  termios mode{};
  ASSERT_EQ(tcgetattr(stream->fd(), &mode), 0);
  EXPECT_EQ(cfgetospeed(&mode), static_cast<speed_t>(B19200));
  EXPECT_EQ(mode.c_cflag & CSTOPB, static_cast<tcflag_t>(CSTOPB));
  EXPECT_EQ(mode.c_cflag & PARODD, static_cast<tcflag_t>(PARODD));
  EXPECT_EQ(mode.c_lflag & (ICANON | ECHO | ISIG), 0u);
  EXPECT_EQ(mode.c_iflag & (IXON | ICRNL), 0u);
}

// A pseudo terminal changes some of them by itself, so this looks at what is asked of the kernel.
TEST(LineSettings, become_what_the_kernel_wants) {
  struct Row {
    const char* name;
    const char* word;
    tcflag_t control, input;
  };
  constexpr tcflag_t kControl = PARENB | PARODD | CMSPAR | CRTSCTS;
  constexpr tcflag_t kInput = IXON | IXOFF | INPCK | IGNPAR;
  for (const Row& row :
       {Row{"parity", "none", 0, 0}, Row{"parity", "even", PARENB, INPCK | IGNPAR},
        Row{"parity", "odd", PARENB | PARODD, INPCK | IGNPAR}, Row{"parity", "mark", PARENB | PARODD | CMSPAR, INPCK | IGNPAR},
        Row{"parity", "space", PARENB | CMSPAR, INPCK | IGNPAR}, Row{"flow_control", "hardware", CRTSCTS, 0},
        Row{"flow_control", "software", 0, IXON | IXOFF}}) {
    Fields serial = line("any");
    serial.set(row.name, std::string(row.word));
    termios mode{};
    mode.c_cflag = kControl;
    mode.c_iflag = kInput;
    apply(line_settings(serial), B9600, mode);
    EXPECT_EQ(mode.c_cflag & kControl, row.control) << row.word;
    EXPECT_EQ(mode.c_iflag & kInput, row.input) << row.word;
  }
}

TEST_F(SerialStreamTest, the_kernel_is_asked_to_switch_the_direction_as_written) {
  Fields rs485(kRs485FieldTable);
  serial_rs485 settings = rs485_settings(rs485);
  EXPECT_EQ(settings.flags, static_cast<uint32_t>(SER_RS485_ENABLED | SER_RS485_RTS_ON_SEND));
  EXPECT_EQ(settings.delay_rts_before_send, 0u);
  rs485.set("rts_on_send", std::string("low"));
  rs485.set("before", Duration(2ms));
  rs485.set("after", Duration(1200us));
  rs485.set("hears_itself", true);
  settings = rs485_settings(rs485);
  EXPECT_EQ(settings.flags, static_cast<uint32_t>(SER_RS485_ENABLED | SER_RS485_RTS_AFTER_SEND | SER_RS485_RX_DURING_TX));
  EXPECT_EQ(settings.delay_rts_before_send, 2u);
  EXPECT_EQ(settings.delay_rts_after_send, 2u);
}

TEST_F(SerialStreamTest, a_port_that_cannot_switch_its_direction_is_refused_with_the_remedy) {
  Fields serial = line(terminal.port());
  serial.set("rs485", std::vector<Fields>{Fields(kRs485FieldTable)});
  const auto stream = open(serial);
  const Status status = stream->connect(in(1s));
  EXPECT_EQ(status.fault(), Fault::disconnected);
  EXPECT_NE(status.what().find("leave out rs485"), std::string::npos) << status.what();
  EXPECT_FALSE(stream->connected());
}

TEST_F(SerialStreamTest, a_port_belongs_to_one_program) {
  const auto first = open(line(terminal.port()));
  ASSERT_TRUE(first->connect(in(5s)).ok());
  const auto second = open(line(terminal.port()));
  const Status status = second->connect(in(5s));
  EXPECT_EQ(status.fault(), Fault::disconnected);
  EXPECT_NE(status.what().find("another program"), std::string::npos) << status.what();
  first->disconnect();
  EXPECT_TRUE(second->connect(in(5s)).ok());
}

TEST_F(SerialStreamTest, an_absent_port_and_a_file_name_their_remedy) {
  const Status absent = open(line("/dev/ferrule-none"))->connect(in(1s));
  EXPECT_EQ(absent.fault(), Fault::disconnected);
  EXPECT_NE(absent.what().find("/dev/ferrule-none"), std::string::npos);
  EXPECT_NE(absent.what().find("plugged in"), std::string::npos) << absent.what();
  const Status file = open(line("/dev/null"))->connect(in(1s));
  EXPECT_NE(file.what().find("not a serial port"), std::string::npos) << file.what();
}

TEST_F(SerialStreamTest, an_odd_baud_rate_is_refused_with_the_usual_ones) {
  EXPECT_EQ(open(line(terminal.port(), 12345))->connect(in(1s)).fault(), Fault::invalid);
  EXPECT_FALSE(check_baud("12345").ok());
  EXPECT_NE(check_baud("12345").what().find("19200"), std::string::npos);
  EXPECT_TRUE(check_baud("115200").ok());
}

TEST_F(SerialStreamTest, an_adapter_that_is_pulled_out_is_a_lost_link) {
  const auto stream = open(line(terminal.port()));
  ASSERT_TRUE(stream->connect(in(5s)).ok());
  terminal.unplug();
  Bytes bytes(8);
  const Status status = stream->read(bytes, in(5s)).status();
  EXPECT_EQ(status.fault(), Fault::disconnected);
  EXPECT_NE(status.what().find("unplugged"), std::string::npos) << status.what();
  EXPECT_FALSE(stream->connected());
}

TEST_F(SerialStreamTest, silence_is_a_timeout_and_the_stop_signal_ends_it) {
  const auto stream = open(line(terminal.port()));
  ASSERT_TRUE(stream->connect(in(5s)).ok());
  Bytes bytes(8);
  EXPECT_EQ(stream->read(bytes, in(20ms)).status().fault(), Fault::timeout);
  stop.raise();
  EXPECT_EQ(stream->read(bytes, in(60s)).status().fault(), Fault::cancelled);
}

TEST(CharacterTime, counts_start_data_parity_and_stop_bits) {
  EXPECT_EQ(character_time(line("/dev/x", 10000)), Duration(1ms));
  EXPECT_EQ(character_time(line("/dev/x", 11000, "even")), Duration(1ms));
}

}  // namespace

}  // namespace ferrule

#include "modbus/reply.h"

#include <gtest/gtest.h>

#include "tests/fakes/scripted_device.h"

namespace ferrule::modbus {

namespace {

const Question kTwoRegisters{.unit = 5, .function = Function::read_holding, .address = 100, .count = 2};
const Question kTenCoils{.unit = 5, .function = Function::read_coils, .address = 0, .count = 10};
const Question kOneRegister{.unit = 5, .function = Function::write_register, .address = 100, .count = 0x1234};
const Question kSomeBits{.unit = 5, .function = Function::mask_write, .address = 100, .count = 0xff0f, .or_mask = 0x90};
const Question kSeveral{.unit = 5, .function = Function::write_registers, .address = 100, .count = 2};

struct Case {
  std::string what;
  Question question;
  Bytes pdu;
  Verdict::Kind kind;
};

TEST(ModbusReply, only_the_exact_answer_is_one) {
  using Kind = Verdict::Kind;
  const std::vector<Case> table{
      {"right", kTwoRegisters, {3, 4, 1, 2, 3, 4}, Kind::answer},
      {"empty", kTwoRegisters, {}, Kind::wrong},
      {"function only", kTwoRegisters, {3}, Kind::wrong},
      {"byte count only", kTwoRegisters, {3, 4}, Kind::wrong},
      {"one byte short", kTwoRegisters, {3, 4, 1, 2, 3}, Kind::wrong},
      {"one byte more", kTwoRegisters, {3, 4, 1, 2, 3, 4, 5}, Kind::wrong},
      {"fewer registers", kTwoRegisters, {3, 2, 1, 2}, Kind::wrong},
      {"more registers", kTwoRegisters, {3, 6, 1, 2, 3, 4, 5, 6}, Kind::wrong},
      {"byte count lies", kTwoRegisters, {3, 255, 1, 2, 3, 4}, Kind::wrong},
      {"other function", kTwoRegisters, {4, 4, 1, 2, 3, 4}, Kind::wrong},
      {"exception", kTwoRegisters, {0x83, 2}, Kind::exception},
      {"exception without code", kTwoRegisters, {0x83}, Kind::wrong},
      {"exception with code 0", kTwoRegisters, {0x83, 0}, Kind::wrong},
      {"exception with more", kTwoRegisters, {0x83, 2, 0}, Kind::wrong},
      {"exception of another function", kTwoRegisters, {0x84, 2}, Kind::wrong},
      {"coils", kTenCoils, {1, 2, 0xff, 0x03}, Kind::answer},
      {"coils, a byte short", kTenCoils, {1, 1, 0xff}, Kind::wrong},
      {"write", kOneRegister, {6, 0, 100, 0x12, 0x34}, Kind::answer},
      {"write, other address", kOneRegister, {6, 0, 101, 0x12, 0x34}, Kind::wrong},
      {"write, other value", kOneRegister, {6, 0, 100, 0x12, 0x35}, Kind::wrong},
      {"bits", kSomeBits, {22, 0, 100, 0xff, 0x0f, 0, 0x90}, Kind::answer},
      {"bits, others stay", kSomeBits, {22, 0, 100, 0xff, 0x0e, 0, 0x90}, Kind::wrong},
      {"bits, others set", kSomeBits, {22, 0, 100, 0xff, 0x0f, 0, 0x91}, Kind::wrong},
      {"bits, short", kSomeBits, {22, 0, 100, 0xff, 0x0f}, Kind::wrong},
      {"write, short", kOneRegister, {6, 0, 100, 0x12}, Kind::wrong},
      {"write, long", kOneRegister, {6, 0, 100, 0x12, 0x34, 0}, Kind::wrong},
      {"write refused", kOneRegister, {0x86, 3}, Kind::exception},
      {"several", kSeveral, {16, 0, 100, 0, 2}, Kind::answer},
      {"several, other count", kSeveral, {16, 0, 100, 0, 1}, Kind::wrong},
  };
  for (const Case& one : table) {
    const Verdict verdict = judge(one.question, one.pdu);
    EXPECT_EQ(static_cast<int>(verdict.kind), static_cast<int>(one.kind)) << one.what;
    EXPECT_EQ(verdict.why.empty(), one.kind != Kind::wrong) << one.what;
    if (one.kind == Kind::answer && one.question.is_read()) {
      EXPECT_EQ(verdict.data.size(), one.question.data_bytes()) << one.what;
    }
  }
}

TEST(ModbusReply, a_tcp_header_is_believed_only_within_the_protocols_limits) {
  EXPECT_EQ(mbap_header(Bytes{0, 7, 0, 0, 0, 7, 5})->frame_size, 13u);
  EXPECT_EQ(mbap_header(Bytes{1, 7, 0, 0, 0, 7, 5})->transaction, 0x107);
  EXPECT_EQ(mbap_header(Bytes{0, 7, 0, 0, 0, 254, 5})->frame_size, kTcpFrameMost);
  EXPECT_FALSE(mbap_header(Bytes{0, 7, 0, 0, 0, 255, 5}));
  EXPECT_FALSE(mbap_header(Bytes{0, 7, 0, 0, 0xff, 0xff, 5}));
  EXPECT_FALSE(mbap_header(Bytes{0, 7, 0, 0, 0, 2, 5}));
  EXPECT_FALSE(mbap_header(Bytes{0, 7, 0, 0, 0, 0, 5}));
  EXPECT_FALSE(mbap_header(Bytes{0, 7, 0, 1, 0, 7, 5}));
  EXPECT_FALSE(mbap_header(Bytes{0, 7, 0, 0, 0, 7}));
  EXPECT_FALSE(mbap_header(Bytes{}));
}

TEST(ModbusReply, an_rtu_frame_is_measured_by_its_function_and_byte_count) {
  using Kind = RtuSize::Kind;
  struct Size {
    Bytes bytes;
    Kind kind;
    size_t size;
  };
  const std::vector<Size> table{
      {{}, Kind::more, 0},
      {{5}, Kind::more, 0},
      {{5, 3}, Kind::more, 0},
      {{5, 3, 4}, Kind::known, 9},
      {{5, 3, 250}, Kind::known, 255},
      {{5, 3, 252}, Kind::garbage, 0},
      {{5, 3, 0}, Kind::garbage, 0},
      {{5, 1, 1}, Kind::known, 6},
      {{5, 6}, Kind::known, 8},
      {{5, 16}, Kind::known, 8},
      {{5, 22}, Kind::known, 10},
      {{5, 0x96}, Kind::known, 5},
      {{5, 0x83}, Kind::known, 5},
      {{5, 0x90}, Kind::known, 5},
      {{5, 0x80}, Kind::garbage, 0},
      {{5, 99}, Kind::garbage, 0},
      {{0, 3, 4}, Kind::garbage, 0},
      {{248}, Kind::garbage, 0},
  };
  for (const Size& one : table) {
    const RtuSize size = rtu_reply_size(one.bytes);
    EXPECT_EQ(static_cast<int>(size.kind), static_cast<int>(one.kind)) << testing::PrintToString(one.bytes);
    EXPECT_EQ(size.size, one.size) << testing::PrintToString(one.bytes);
  }
}

}  // namespace

}  // namespace ferrule::modbus

#include "modbus/reply.h"

#include "drivers_common/wire_value.h"

namespace ferrule::modbus {

namespace {

constexpr uint8_t kExceptionFlag = 0x80;
constexpr size_t kWriteReply = 5;      // function, address, value or count
constexpr size_t kMaskWriteReply = 7;  // function, address, both masks

Verdict wrong(std::string_view why) { return {.kind = Verdict::Kind::wrong, .code = 0, .data = {}, .why = why}; }

Verdict judge_read(const Question& question, std::span<const uint8_t> pdu) {
  if (pdu.size() < 2) return wrong("the reply has no byte count");
  if (pdu[1] != question.data_bytes()) return wrong("the reply's byte count is not the one that was asked for");
  if (pdu.size() != 2u + pdu[1]) return wrong("the reply is longer or shorter than its byte count");
  return {.kind = Verdict::Kind::answer, .code = 0, .data = pdu.subspan(2), .why = {}};
}

Verdict judge_write(const Question& question, std::span<const uint8_t> pdu) {
  const bool masks = question.function == Function::mask_write;
  if (pdu.size() != (masks ? kMaskWriteReply : kWriteReply)) return wrong("the confirmation of a write has a wrong length");
  if (word_at(pdu, 1) != question.address) return wrong("the confirmation is for another address");
  if (word_at(pdu, 3) != question.count) return wrong("the confirmation is for another value or count");
  if (masks && word_at(pdu, 5) != question.or_mask) return wrong("the confirmation is for another value");
  return {.kind = Verdict::Kind::answer, .code = 0, .data = {}, .why = {}};
}

bool is_read_function(uint8_t function) { return function >= 1 && function <= 4; }
bool is_write_function(uint8_t function) {
  return function == 5 || function == 6 || function == 15 || function == 16 || function == 22;
}

}  // namespace

uint16_t Question::data_bytes() const {
  const bool bits = function == Function::read_coils || function == Function::read_discrete;
  return static_cast<uint16_t>(bits ? (count + 7) / 8 : count * 2);
}

Verdict judge(const Question& question, std::span<const uint8_t> pdu) {
  if (pdu.empty()) return wrong("the reply is empty");
  const auto function = static_cast<uint8_t>(question.function);
  if (pdu[0] == (function | kExceptionFlag)) {
    if (pdu.size() != 2) return wrong("an error answer has a wrong length");
    if (pdu[1] == 0) return wrong("an error answer without a code");
    return {.kind = Verdict::Kind::exception, .code = pdu[1], .data = {}, .why = {}};
  }
  if (pdu[0] != function) return wrong("the reply is for another function");
  return question.is_read() ? judge_read(question, pdu) : judge_write(question, pdu);
}

std::optional<MbapHeader> mbap_header(std::span<const uint8_t> bytes) {
  if (bytes.size() < kMbapSize) return std::nullopt;
  const uint16_t protocol = word_at(bytes, 2);
  const uint16_t length = word_at(bytes, 4);  // of what follows: unit, function and at least one byte more
  if (protocol != 0 || length < 3 || length > kTcpFrameMost - 6) return std::nullopt;
  return MbapHeader{word_at(bytes, 0), bytes[6], size_t{6} + length};
}

RtuSize rtu_reply_size(std::span<const uint8_t> bytes) {
  if (!bytes.empty() && (bytes[0] == 0 || bytes[0] > 247)) return {RtuSize::Kind::garbage, 0};
  if (bytes.size() < 2) return {};
  const uint8_t function = bytes[1];
  if (function & kExceptionFlag) {
    const uint8_t plain = function & static_cast<uint8_t>(~kExceptionFlag);
    if (is_read_function(plain) || is_write_function(plain)) return {RtuSize::Kind::known, 5};
    return {RtuSize::Kind::garbage, 0};
  }
  if (is_write_function(function)) {
    return {RtuSize::Kind::known, 3 + (function == static_cast<uint8_t>(Function::mask_write) ? kMaskWriteReply : kWriteReply)};
  }
  if (!is_read_function(function)) return {RtuSize::Kind::garbage, 0};
  if (bytes.size() < 3) return {};
  const size_t size = size_t{3} + bytes[2] + 2;
  if (bytes[2] == 0 || size > kRtuFrameMost) return {RtuSize::Kind::garbage, 0};
  return {RtuSize::Kind::known, size};
}

}  // namespace ferrule::modbus

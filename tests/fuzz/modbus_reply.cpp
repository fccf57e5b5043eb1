// Replies of every shape into everything that looks at one: the judge, the measure of RTU frames, libmodbus' bench, the decoder.
//
// The first four bytes choose the question, the rest is what the device sent. Whatever it is, an accepted answer has exactly the
// length that was asked for. Built as a libFuzzer target with -DFERRULE_FUZZ=ON; the unit tests run it over fuzz/corpus.
#include <cstdint>
#include <cstdlib>
#include <iterator>
#include <span>

#include "drivers_common/wire_value.h"
#include "modbus/reply.h"
#include "modbus/wire_format.h"

namespace ferrule::modbus {

namespace {

void demand(bool holds) {
  if (!holds) std::abort();
}

Question question_of(std::span<const uint8_t> head) {
  constexpr Function kFunctions[] = {Function::read_coils,      Function::read_discrete, Function::read_holding,
                                     Function::read_input,      Function::write_coil,    Function::write_register,
                                     Function::write_registers, Function::mask_write};
  return {.unit = head[0],
          .function = kFunctions[head[1] % std::size(kFunctions)],
          .address = head[2],
          .count = static_cast<uint16_t>(1 + head[3] % 125)};
}

void decode_all(std::span<const uint8_t> data) {
  for (const WireType type : {WireType::uint16, WireType::float32, WireType::float64, WireType::text}) {
    for (const ByteOrder order : {ByteOrder::abcd, ByteOrder::cdab, ByteOrder::badc, ByteOrder::dcba}) {
      const size_t size = type == WireType::text ? data.size() : wire_size(type);
      if (size <= data.size()) (void)decode(type, order, data.first(size));
    }
  }
}

void judge_pdu(const Question& question, std::span<const uint8_t> pdu) {
  const Verdict verdict = judge(question, pdu);
  if (verdict.kind == Verdict::Kind::exception) demand(verdict.code != 0);
  if (verdict.kind == Verdict::Kind::wrong) demand(!verdict.why.empty());
  if (verdict.kind != Verdict::Kind::answer || !question.is_read()) return;
  demand(verdict.data.size() == question.data_bytes());
  demand(verdict.data.data() >= pdu.data() && verdict.data.data() + verdict.data.size() <= pdu.data() + pdu.size());
  decode_all(verdict.data);
}

void as_tcp(const Question& question, std::span<const uint8_t> bytes) {
  static const auto format = std::move(*WireFormat::make(Framing::tcp));
  const auto header = mbap_header(bytes);
  if (!header) return;
  demand(header->frame_size >= kMbapSize + 2 && header->frame_size <= kTcpFrameMost);
  if (bytes.size() < header->frame_size) return;
  const auto frame = bytes.first(header->frame_size);
  judge_pdu(question, frame.subspan(kMbapSize));
  if (judge(question, frame.subspan(kMbapSize)).kind == Verdict::Kind::wrong) return;
  demand(format->take_apart(frame).ok());
}

void as_rtu(const Question& question, std::span<const uint8_t> bytes) {
  static const auto format = std::move(*WireFormat::make(Framing::rtu));
  const RtuSize size = rtu_reply_size(bytes);
  if (size.kind != RtuSize::Kind::known) return;
  demand(size.size >= 5 && size.size <= kRtuFrameMost);
  if (bytes.size() < size.size) return;
  const auto pdu = format->take_apart(bytes.first(size.size));
  if (pdu.ok()) judge_pdu(question, *pdu);
}

}  // namespace

void fuzz_modbus_reply(std::span<const uint8_t> input) {
  if (input.size() < 4) return;
  const Question question = question_of(input.first(4));
  const auto bytes = input.subspan(4);
  judge_pdu(question, bytes);
  as_tcp(question, bytes);
  as_rtu(question, bytes);
}

}  // namespace ferrule::modbus

#ifdef FERRULE_FUZZ
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  ferrule::modbus::fuzz_modbus_reply({bytes, size});
  return 0;
}
#endif

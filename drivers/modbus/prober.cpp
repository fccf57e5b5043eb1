#include "modbus/prober.h"

#include "modbus/address.h"
#include "modbus/exception.h"
#include "modbus/fields.h"
#include "modbus/read_plan.h"

namespace ferrule::modbus {

namespace {

Result<Question> question_of(const ProbeQuestion& asked) {
  const auto address = parse_address(asked.address);
  if (!address.ok()) return address.status();
  if (address->models || address->bit) return Status(Fault::invalid, "probe reads whole registers: holding:100, input:0, coil:7");
  const int64_t most = holds_bits(address->area) ? kMostBits : kMostRegisters;
  if (asked.count < 1 || asked.count > most) {
    return Status(Fault::invalid, "a request reads 1 to " + std::to_string(most) + " at once");
  }
  if (address->offset + asked.count > kAddressSpace) return Status(Fault::invalid, "that ends beyond offset 65535");
  if (asked.unit < 0 || asked.unit > 255) return Status(Fault::invalid, "units are 0 to 255");
  return Question{.unit = static_cast<uint8_t>(asked.unit),
                  .function = read_function(address->area),
                  .address = address->offset,
                  .count = static_cast<uint16_t>(asked.count)};
}

}  // namespace

ProbeAnswer LineProber::probe(const ProbeQuestion& asked, Deadline deadline) {
  ProbeAnswer answer;
  const auto question = question_of(asked);
  if (!question.ok()) {
    answer.status = question.status();
    return answer;
  }
  const Answer said = line_.ask(*question, read_pdu(*question), deadline);
  answer.status = said.status;
  answer.took = said.on_wire;
  if (!said.status.ok()) return answer;
  if (said.exception == 0) {
    answer.bytes.assign(said.data.begin(), said.data.end());
    return answer;
  }
  answer.refused = said.exception;
  answer.refusal = exception_text(said.exception);
  if (said.exception == kGatewayPath || said.exception == kGatewayNoAnswer) answer.status = {Fault::timeout, answer.refusal};
  return answer;
}

}  // namespace ferrule::modbus

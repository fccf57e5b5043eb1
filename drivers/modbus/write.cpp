// Writing: one exchange, and where the user wants it a second that reads the value again.
#include "modbus/cut.h"
#include "modbus/exception.h"
#include "modbus/modbus_driver.h"
#include "modbus/read_plan.h"
#include "modbus/write_request.h"

namespace ferrule::modbus {

namespace {

class OneValue final : public SampleSink {
 public:
  void good(TagId /*tag*/, Value value, int64_t /*source_ns*/) override { value_ = std::move(value); }
  void uncertain(TagId /*tag*/, Value value, Reason /*reason*/) override { value_ = std::move(value); }
  void bad(TagId /*tag*/, Reason /*reason*/, uint16_t /*detail*/) override {}
  const Value& value() const { return value_; }

 private:
  Value value_;
};

std::string refusal_text(const Question& question, uint8_t code) {
  const std::string text = "unit " + std::to_string(question.unit) + ": " + exception_text(code);
  if (code != kIllegalFunction) return text;
  return text + "; this was function " + std::to_string(static_cast<int>(question.function)) +
         (question.function == Function::mask_write ? ": make the whole register writable instead"
                                                    : ": write into `functions` those that the device knows");
}

WriteOutcome outcome_of(const Question& question, bool broadcast, const Answer& answer, bool too_late) {
  if (!answer.status.ok()) {
    if (!answer.sent && too_late) return {CommandResult::expired, answer.status};
    return {answer.sent ? CommandResult::unknown : CommandResult::failed, answer.status};
  }
  if (broadcast) return {CommandResult::unknown, Status(Fault::timeout, "nobody confirms a broadcast")};
  if (answer.exception == 0) return {CommandResult::done, {}};
  const std::string text = refusal_text(question, answer.exception);
  // A gateway has no way to the unit: nothing has reached it, nor has it said anything.
  if (answer.exception == kGatewayPath) return {CommandResult::failed, Status(Fault::timeout, answer.exception, text)};
  const bool may_have_happened = answer.exception == kAcknowledge || answer.exception == kGatewayNoAnswer;
  return {may_have_happened ? CommandResult::unknown : CommandResult::refused, Status(Fault::refused, answer.exception, text)};
}

}  // namespace

ModbusDriver::Target ModbusDriver::target_of(const Fields& device, const Fields& tag, const Point& point) {
  return {.unit = unit_of(device),
          .point = point,
          .functions = functions_of(device),
          .read_back = (tag.has("read_back") ? tag : device).boolean("read_back"),
          .broadcast = tag.boolean("broadcast")};
}

Result<WriteRequest> ModbusDriver::request_of(const Target& target, const Value& value) {
  return write_request(target.broadcast ? uint8_t{0} : target.unit, target.point, target.functions, value);
}

MonoTime ModbusDriver::write_free_at(const Command& command, MonoTime now) const {
  const auto found = targets_.find(command.tag);
  if (found == targets_.end()) return now;
  const auto request = request_of(found->second, command.value);
  return request.ok() ? line_->free_at(request->question, now) : now;
}

WriteOutcome ModbusDriver::write(const Command& command, Deadline deadline) {
  const auto found = targets_.find(command.tag);
  if (found == targets_.end()) {
    return {CommandResult::refused, Status(Fault::invalid, context_.names.full_name(command.tag) + " is not writable")};
  }
  const Target& target = found->second;
  if (context_.clock.now() >= command.expires) return {CommandResult::expired, Status(Fault::timeout, "the command is too old")};
  const auto request = request_of(target, command.value);
  if (!request.ok()) return {CommandResult::refused, request.status()};

  const Answer answer = ask(request->question, request->pdu(), deadline, command.expires);
  WriteOutcome outcome = outcome_of(request->question, target.broadcast, answer, context_.clock.now() >= command.expires);
  const bool sent_to_all = target.broadcast && answer.status.ok();
  outcome.read_back = target.read_back && (outcome.result == CommandResult::done || sent_to_all);
  return outcome;
}

WriteOutcome ModbusDriver::read_back(const Command& command, Deadline deadline) {
  const auto found = targets_.find(command.tag);
  if (found == targets_.end()) return {CommandResult::unknown, Status(Fault::invalid, "it cannot be read back")};
  const Point& point = found->second.point;
  const Question question{.unit = found->second.unit,
                          .function = read_function(point.address.area),
                          .address = point.address.offset,
                          .count = static_cast<uint16_t>(point.width())};
  const Answer answer = ask(question, read_pdu(question), deadline);
  if (!answer.status.ok() || answer.exception != 0) {
    const bool refused = answer.status.ok();
    const std::string why = refused ? refusal_text(question, answer.exception) : answer.status.what();
    return {CommandResult::unknown,
            Status(refused ? Fault::refused : answer.status.fault(), "it was written, but could not be read back: " + why)};
  }
  OneValue now;
  const Cut cut = cut_of(command.tag, point, point.address.offset);
  decode_cut(cut, answer.data, now);
  const auto wanted = value_as_read(point, command.value);
  if (wanted.ok() && now.value() == *wanted) return {CommandResult::done, {}};
  return {CommandResult::refused,
          Status(Fault::refused, "it was written, but then read as " + to_text(now.value()) + " instead of " +
                                     to_text(wanted.ok() ? *wanted : command.value) + " (before scale and offset)")};
}

}  // namespace ferrule::modbus

// Reads of SunSpec points: the models are found one exchange at a time, then read like any registers.
#include <algorithm>

#include "modbus/exception.h"
#include "modbus/modbus_driver.h"
#include "modbus/parts.h"
#include "modbus/read_plan.h"

namespace ferrule::modbus {

Exchange ModbusDriver::read_model(const Request& request, SampleSink& sink, Deadline deadline) {
  const auto& body = static_cast<const ReadBody&>(*request.body);
  const uint8_t unit = body.question.unit;
  SunSpecModels& models = models_[unit];
  while (!models.known() && never_reads(models.question(unit))) models.take({});
  if (!models.known()) return find_models(request, models, unit, sink, deadline);
  const SunSpecModels::Model* model = models.find(*body.models);
  const uint32_t end = body.question.address + uint32_t{body.question.count};
  if (model == nullptr || end > model->words || model->start + end > kAddressSpace) {
    if (models.search_again(context_.clock.now())) return find_models(request, models, unit, sink, deadline);
    return no_such_words(request, models.mark(unit), sink, deadline);
  }
  Question question = body.question;
  question.address = static_cast<uint16_t>(question.address + model->start);
  if (never_reads(question)) return read_around(request, models.mark(unit), sink, deadline);
  return answered(request, ask(question, read_pdu(question), deadline), sink);
}

// Every step is an exchange of its own, after which the same request is asked again: a write waits for no more than one. Only a
// refusal of the address says that there is nothing: a device that is busy, or starting, is asked the same question in its next
// poll.
Exchange ModbusDriver::find_models(const Request& request, SunSpecModels& models, uint8_t unit, SampleSink& sink,
                                   Deadline deadline) {
  const Question question = models.question(unit);
  const Answer answer = ask(question, read_pdu(question), deadline);
  const bool nothing_there = answer.exception == kIllegalAddress || answer.exception == kIllegalValue;
  if (!answer.status.ok() || (answer.exception != 0 && !nothing_there)) return answered(request, answer, sink);
  models.take(nothing_there ? std::span<const uint8_t>() : answer.data);
  Exchange exchange{answer.status, answer.bytes_out, answer.bytes_in, answer.on_wire};
  exchange.instead.push_back(request);
  return exchange;
}

// Something is asked all the same: nothing else may tell whether the device lives.
Exchange ModbusDriver::no_such_words(const Request& request, const Question& mark, SampleSink& sink, Deadline deadline) {
  Answer answer;
  if (!never_reads(mark)) answer = ask(mark, read_pdu(mark), deadline);
  if (!answer.status.ok() || answer.exception != 0) return answered(request, answer, sink);
  for (const TagId tag : request.tags) sink.bad(tag, Reason::device_refused, kIllegalAddress);
  return {answer.status, answer.bytes_out, answer.bytes_in, answer.on_wire};
}

// Where the model lies was not known when the request was planned.
Exchange ModbusDriver::read_around(const Request& request, const Question& mark, SampleSink& sink, Deadline deadline) {
  const Requests parts = parts_of(request, nullptr).requests;
  if (parts.empty()) return no_such_words(request, mark, sink, deadline);
  Exchange exchange = read_model(parts.front(), sink, deadline);
  exchange.instead.insert(exchange.instead.end(), parts.begin() + 1, parts.end());
  return exchange;
}

bool ModbusDriver::never_reads(const Question& question) const {
  const auto unit = never_read_.find(question.unit);
  if (unit == never_read_.end()) return false;
  const uint32_t end = uint32_t{question.address} + question.count;
  return std::ranges::any_of(unit->second, [&](const Stretch& one) {
    return one.area == area_of(question.function) && one.touches(question.address, end);
  });
}

void ModbusDriver::disconnect() noexcept {
  models_.clear();
  line_->disconnect();
}

}  // namespace ferrule::modbus

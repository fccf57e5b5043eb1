// Reads of SunSpec points: the models are found one exchange at a time, then read like any registers.
#include "modbus/exception.h"
#include "modbus/modbus_driver.h"
#include "modbus/read_plan.h"

namespace ferrule::modbus {

namespace {

Exchange no_such_words(const Request& request, SampleSink& sink) {
  for (const TagId tag : request.tags) sink.bad(tag, Reason::device_refused, kIllegalAddress);
  return {};
}

}  // namespace

Exchange ModbusDriver::read_model(const Request& request, SampleSink& sink, Deadline deadline) {
  const auto& body = static_cast<const ReadBody&>(*request.body);
  SunSpecModels& models = models_[body.question.unit];
  if (!models.known()) return find_models(request, models, body.question.unit, sink, deadline);
  const SunSpecModels::Model* model = models.find(*body.models);
  const uint32_t end = body.question.address + uint32_t{body.question.count};
  if (model == nullptr || end > model->words || model->start + end > kAddressSpace) return no_such_words(request, sink);
  Question question = body.question;
  question.address = static_cast<uint16_t>(question.address + model->start);
  return answered(request, ask(question, read_pdu(question), deadline), sink);
}

// Every step is an exchange of its own, after which the same request is asked again: a write waits for no more than one.
Exchange ModbusDriver::find_models(const Request& request, SunSpecModels& models, uint8_t unit, SampleSink& sink,
                                   Deadline deadline) {
  const Question question = models.question(unit);
  const Answer answer = ask(question, read_pdu(question), deadline);
  const bool silent = answer.exception == kGatewayPath || answer.exception == kGatewayNoAnswer;
  if (!answer.status.ok() || silent) return answered(request, answer, sink);
  models.take(answer.exception == 0 ? answer.data : std::span<const uint8_t>());
  Exchange exchange{answer.status, answer.bytes_out, answer.bytes_in, answer.on_wire};
  exchange.instead.push_back(request);
  return exchange;
}

void ModbusDriver::disconnect() noexcept {
  models_.clear();
  line_->disconnect();
}

}  // namespace ferrule::modbus

// The driver of one Modbus channel: plans reads, asks its line, decodes, writes.
#pragma once

#include <map>
#include <memory>
#include <unordered_map>

#include "modbus/line.h"
#include "modbus/point.h"
#include "modbus/prober.h"
#include "modbus/refusals.h"
#include "modbus/stretch.h"
#include "modbus/sunspec_models.h"
#include "modbus/write_request.h"
#include "sdk/driver.h"

namespace ferrule::modbus {

class ModbusDriver final : public Driver {
 public:
  // `channel` and `context` outlive the driver. invalid: a tag's address cannot be read.
  static Result<std::unique_ptr<Driver>> build(const ChannelSettings& channel, const ChannelContext& context);

  Result<Requests> plan(const DeviceSettings& device, std::span<const TagSettings* const> tags) const override;
  Result<Requests> replan(const DeviceSettings& device, std::span<const TagId> tags) const override;
  Status connect(Deadline deadline) override { return line_->connect(deadline); }
  Exchange read(const Request& request, SampleSink& sink, Deadline deadline) override;
  MonoTime free_at(const Request& request, MonoTime now) const override;
  MonoTime write_free_at(const Command& command, MonoTime now) const override;
  WriteOutcome write(const Command& command, Deadline deadline) override;
  WriteOutcome read_back(const Command& command, Deadline deadline) override;
  Prober* prober() override { return &prober_; }
  void disconnect() noexcept override;

 private:
  struct Target {  // of a write
    uint8_t unit;
    Point point;
    FunctionSet functions;  // that the device knows
    bool read_back;
    bool broadcast;
  };
  static Result<WriteRequest> request_of(const Target& target, const Value& value);
  static Target target_of(const Fields& device, const Fields& tag, const Point& point);
  ModbusDriver(const ChannelSettings& channel, const ChannelContext& context);
  // As the line's, but a TCP connection through which nothing comes any more is given up first: then the status is disconnected
  // and nothing was sent. A device that hangs, or has forgotten a connection that its machine still acknowledges, shows in
  // nothing else.
  Answer ask(const Question& question, std::span<const uint8_t> pdu, Deadline deadline, MonoTime send_by);
  Answer ask(const Question& question, std::span<const uint8_t> pdu, Deadline deadline) {
    return ask(question, pdu, deadline, deadline);
  }
  // What the answer to a request for registers means for its tags.
  Exchange answered(const Request& request, const Answer& answer, SampleSink& sink);
  void refused(const Request& request, const Answer& answer, SampleSink& sink, Exchange& exchange);
  void silent(const Request& request, SampleSink& sink, Exchange& exchange);
  Exchange set_aside(const Request& request, SampleSink& sink) const;
  Result<Requests> plan(const DeviceSettings& device, std::span<const Wanted> wanted) const;
  // A request for words of a model: one step of finding the models, or the read itself.
  Exchange read_model(const Request& request, SampleSink& sink, Deadline deadline);
  Exchange find_models(const Request& request, SunSpecModels& models, uint8_t unit, SampleSink& sink, Deadline deadline);
  Exchange no_such_words(const Request& request, const Question& mark, SampleSink& sink, Deadline deadline);
  Exchange read_around(const Request& request, const Question& mark, SampleSink& sink, Deadline deadline);
  bool never_reads(const Question& question) const;

  const ChannelSettings& channel_;
  const ChannelContext& context_;
  std::unique_ptr<Line> line_;
  int silent_ = 0;  // requests in a row that nothing came after
  Refusals refusals_;
  mutable std::map<DeviceId, std::vector<std::weak_ptr<const ReadBody>>> planned_;  // what replan() finds the tags' places in
  LineProber prober_{*line_};
  std::unordered_map<TagId, Target> targets_;
  std::map<uint8_t, std::vector<Stretch>> never_read_;  // by unit; plans avoid them, but only where they know the address
  std::map<uint8_t, SunSpecModels> models_;             // by unit, of this connection: behind the next one may be another device
};

}  // namespace ferrule::modbus

// Fills in what an exchange cost, whichever way it ends.
#pragma once

#include "modbus/line.h"

namespace ferrule::modbus {

class ExchangeMeter {
 public:
  ExchangeMeter(Answer& answer, const ChannelContext& context) : answer_(answer), context_(context) {}

  void sent(std::span<const uint8_t> frame) {
    answer_.sent = true;
    answer_.bytes_out += static_cast<uint32_t>(frame.size());
    if (context_.trace != nullptr) context_.trace->sent(frame);
  }
  void received(std::span<const uint8_t> bytes) {
    answer_.bytes_in += static_cast<uint32_t>(bytes.size());
    if (context_.trace != nullptr) context_.trace->received(bytes);
  }
  void stray() { ++answer_.strays; }
  void starts() { started_ = context_.clock.now(); }
  void ends() { answer_.on_wire = context_.clock.now() - started_; }
  MonoTime started() const { return started_; }

 private:
  Answer& answer_;
  const ChannelContext& context_;
  MonoTime started_;
};

}  // namespace ferrule::modbus

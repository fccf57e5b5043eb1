// Where a SunSpec device keeps its models. It marks the beginning with "SunS" at one of three places; from there a chain of
// models follows, each with its id and its length, until the id 0xFFFF. Found out two registers at a time, so that no read
// reaches beyond what the device has. Pure: questions out, answers in; one thread.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/clock.h"
#include "modbus/address.h"
#include "modbus/reply.h"

namespace ferrule::modbus {

class SunSpecModels {
 public:
  static constexpr Duration kSearchAgain = std::chrono::minutes(10);

  // True when nothing is left to ask: every model that can be found has been.
  bool known() const { return state_ == State::known; }
  // The next question to ask while not known().
  Question question(uint8_t unit) const;
  // Its answer: 4 bytes, or none where the device refused it.
  void take(std::span<const uint8_t> data);

  // Words were wanted that no model has. True: kSearchAgain has passed since the first time, and all is looked for anew.
  bool search_again(MonoTime now);
  // What every SunSpec device can be asked: the mark, where it was found.
  Question mark(uint8_t unit) const;

  struct Model {
    uint16_t id = 0;
    uint16_t start = 0;  // offset of its id among the holding registers
    uint32_t words = 0;  // its id and its length included
  };
  // The first in the chain whose id is in the range; nullptr: the device has none.
  const Model* find(const ModelRange& range) const;

 private:
  enum class State : uint8_t { looking_for_mark, walking, known };

  static constexpr size_t kMostModels = 64;  // a device in a loop must not hold us for ever

  State state_ = State::looking_for_mark;
  size_t base_ = 0;    // index of the place that is tried
  uint16_t next_ = 0;  // of the model that is asked for
  std::vector<Model> models_;
  MonoTime missed_at_ = MonoTime::min();
};

}  // namespace ferrule::modbus

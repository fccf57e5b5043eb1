#include "modbus/sunspec_models.h"

#include <algorithm>
#include <array>

#include "drivers_common/wire_value.h"

namespace ferrule::modbus {

namespace {

// SunSpec Device Information Model Specification: the possible beginnings. 40000 first, which nearly all devices use.
constexpr std::array<uint16_t, 3> kBases{40000, 0, 50000};
constexpr std::array<uint8_t, 4> kMark{'S', 'u', 'n', 'S'};
constexpr uint16_t kEndOfChain = 0xffff;
constexpr uint16_t kHeader = 2;  // registers: of the mark, and of a model's id and length

}  // namespace

Question SunSpecModels::question(uint8_t unit) const {
  const uint16_t address = state_ == State::looking_for_mark ? kBases[base_] : next_;
  return {.unit = unit, .function = Function::read_holding, .address = address, .count = kHeader};
}

void SunSpecModels::take(std::span<const uint8_t> data) {
  if (state_ == State::looking_for_mark) {
    if (std::ranges::equal(data, kMark)) {
      next_ = static_cast<uint16_t>(kBases[base_] + kHeader);
      state_ = State::walking;
    } else if (++base_ == kBases.size()) {
      state_ = State::known;
    }
    return;
  }
  const uint16_t id = data.size() == kMark.size() ? word_at(data, 0) : kEndOfChain;
  if (id == kEndOfChain) {
    state_ = State::known;
    return;
  }
  const uint32_t words = word_at(data, 2) + uint32_t{kHeader};
  models_.push_back({id, next_, words});
  const uint32_t after = next_ + words;
  next_ = static_cast<uint16_t>(after);
  if (after + kHeader > kAddressSpace || models_.size() == kMostModels) state_ = State::known;
}

bool SunSpecModels::search_again(MonoTime now) {
  if (missed_at_ == MonoTime::min()) missed_at_ = now;
  if (now - missed_at_ < kSearchAgain) return false;
  *this = SunSpecModels();
  return true;
}

Question SunSpecModels::mark(uint8_t unit) const {
  return {.unit = unit, .function = Function::read_holding, .address = kBases[base_ % kBases.size()], .count = kHeader};
}

const SunSpecModels::Model* SunSpecModels::find(const ModelRange& range) const {
  const auto found =
      std::ranges::find_if(models_, [&](const Model& model) { return model.id >= range.first && model.id <= range.last; });
  return found == models_.end() ? nullptr : &*found;
}

}  // namespace ferrule::modbus

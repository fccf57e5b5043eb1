// Something for each unit id, of which most units have the same: thousands of channels with one unit each must not keep 256 of
// it.
#pragma once

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

namespace ferrule::modbus {

template <class T>
class ByUnit {
 public:
  ByUnit() = default;
  explicit ByUnit(T others) : others_(std::move(others)) {}

  const T& operator[](uint8_t unit) const {
    const auto own = std::ranges::find(own_, unit, &Own::first);
    return own == own_.end() ? others_ : own->second;
  }
  void set(uint8_t unit, T value) {
    const auto own = std::ranges::find(own_, unit, &Own::first);
    if (own != own_.end()) {
      own->second = std::move(value);
    } else if (!(value == others_)) {
      own_.emplace_back(unit, std::move(value));
    }
  }

 private:
  using Own = std::pair<uint8_t, T>;
  T others_{};
  std::vector<Own> own_;
};

}  // namespace ferrule::modbus

#include "modbus/cuts.h"

namespace ferrule::modbus {

Cuts::Cuts(std::span<const Cut> cuts) {
  for (const Cut& cut : cuts) {
    if (!rows_.empty() && rows_.back()[rows_.back().count] == cut) {
      ++rows_.back().count;
    } else {
      rows_.push_back({cut});
    }
  }
  rows_.shrink_to_fit();
}

}  // namespace ferrule::modbus

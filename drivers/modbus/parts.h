// Takes a read apart: first at the gaps that it bridged, then in halves, at last value by value where values overlap. Pure.
#pragma once

#include <memory>
#include <vector>

#include "modbus/read_plan.h"

namespace ferrule::modbus {

struct Parts {
  Requests requests;                 // fewer than two: it cannot be parted; each tag of the whole is in one of them
  std::vector<uint32_t> boundaries;  // first address of each but the first
};

// `trial` goes into each part.
Parts parts_of(const Request& request, const std::shared_ptr<Trial>& trial);

}  // namespace ferrule::modbus

// What a device's settings say about reading as such: ranges that must not be read, function codes that it knows. Pure.
#pragma once

#include <bitset>
#include <string>
#include <string_view>
#include <vector>

#include "modbus/address.h"
#include "sdk/fields.h"

namespace ferrule::modbus {

// Addresses first .. last of one area.
struct Stretch {
  Area area = Area::holding;
  uint16_t first = 0;
  uint16_t last = 0;
  bool touches(uint32_t start, uint32_t end) const { return start <= last && end > first; }
};

// "holding:100-110", "input:7". invalid: the text says what to write instead.
Result<Stretch> parse_stretch(std::string_view text);
std::string to_text(const Stretch& stretch);
Status check_stretch(std::string_view text);   // for a FieldSpec
Status check_function(std::string_view text);  // "3"; for a FieldSpec

// Of the device's `never_read`, in the order written; what does not parse is left out (the field table has refused it).
std::vector<Stretch> never_read(const Fields& device);

// By number; all where the device's `functions` are not written.
using FunctionSet = std::bitset<32>;
FunctionSet functions_of(const Fields& device);

}  // namespace ferrule::modbus

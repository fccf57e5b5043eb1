// Addresses and unit ids as a plant file writes them.
#pragma once

#include <cstdint>
#include <string_view>

#include "core/status.h"

namespace ferrule::simulator {

enum class Area : uint8_t { coil, discrete, input, holding };

struct Address {
  Area area = Area::holding;
  uint16_t offset = 0;
};

// "holding:100", zero-based.
Result<Address> parse_address(std::string_view text);

struct UnitRange {
  int first = 1;
  int last = 1;
};

// "5" or "1-8", within 0 .. 255.
Result<UnitRange> parse_unit_range(std::string_view text);

struct AddressRange {
  Area area = Area::holding;
  uint32_t first = 0;
  uint32_t last = 0;
};

// "holding:100" or "holding:100-120".
Result<AddressRange> parse_address_range(std::string_view text);

// For the field table.
Status check_address_range(std::string_view text);
Status check_address(std::string_view text);
Status check_unit_range(std::string_view text);

}  // namespace ferrule::simulator

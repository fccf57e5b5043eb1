// Every driver and payload format that this program was built with; app makes it from a list that CMake generates.
#pragma once

#include <span>
#include <string_view>

#include "sdk/driver.h"
#include "sdk/encoder.h"

namespace ferrule {

struct Catalogue {
  std::span<const DriverType* const> drivers;
  std::span<const EncoderType* const> encoders;

  const DriverType* driver(std::string_view name) const {
    for (const DriverType* type : drivers) {
      if (type->name == name) return type;
    }
    return nullptr;
  }
  const EncoderType* encoder(std::string_view name) const {
    for (const EncoderType* type : encoders) {
      if (type->name == name) return type;
    }
    return nullptr;
  }
};

}  // namespace ferrule

// How much of a proof is wanted: the environment says so, or it is the share that CI runs.
#pragma once

#include <cstdint>
#include <cstdlib>

namespace ferrule {

inline uint64_t wanted(const char* variable, uint64_t otherwise) {
  const char* text = std::getenv(variable);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

}  // namespace ferrule

// Keeps what a Framer finds.
#pragma once

#include <string>
#include <vector>

#include "drivers_common/framer.h"

namespace ferrule {

struct FrameCatcher final : FrameSink {
  void frame(const Frame& one) override {
    frames.emplace_back(one.content.begin(), one.content.end());
    types.push_back(one.type);
  }
  void dropped(FrameDrop why, size_t /*bytes*/) override { drops.emplace_back(to_text(why)); }

  std::vector<std::string> frames;
  std::vector<uint8_t> types;
  std::vector<std::string> drops;
};

inline std::span<const uint8_t> bytes_of(std::string_view text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

}  // namespace ferrule

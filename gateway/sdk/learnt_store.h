// Keeps what a driver has learnt about the devices of its channel, across restarts: which registers they refuse, say. A short
// text, only the driver's own; losing it costs no more than learning it again.
#pragma once

#include <string>

#include "core/status.h"

namespace ferrule {

class LearntStore {
 public:
  static constexpr size_t kMost = 256 * 1024;  // bytes of the text

  virtual ~LearntStore() = default;
  // What was kept last; empty when nothing was, or when it cannot be read. Once, at the start.
  virtual std::string load() = 0;
  // Replaces it; the channel's thread, seldom (it may write a file). full: longer than kMost.
  virtual Status store(const std::string& text) = 0;
};

}  // namespace ferrule

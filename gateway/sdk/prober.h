// What a driver may offer beside Driver: raw reads of any device on its line, configured or not, for people who look for units,
// word orders and scales. Found through Driver::prober().
//
// Channel's thread, between other calls; one exchange a call, by the deadline + 50 ms, after a connect().
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/clock.h"
#include "core/status.h"

namespace ferrule {

struct ProbeQuestion {
  int64_t unit = 1;     // as the driver numbers its devices
  std::string address;  // as in its tags: "holding:100"
  uint32_t count = 1;   // registers, or what the address counts
  Duration timeout{std::chrono::milliseconds(500)};
};

struct ProbeAnswer {
  // ok: the device answered; `refused` says whether with an error. invalid: the question cannot be asked, the text says why.
  // timeout, bad_reply, disconnected as for Driver::read.
  Status status;
  uint16_t refused = 0;        // the device's own code; 0: it was not
  std::string refusal;         // for people
  std::vector<uint8_t> bytes;  // as they came: a register is two, the high one first; bits are packed, the first lowest
  Duration took{0};
};

class Prober {
 public:
  virtual ~Prober() = default;
  virtual ProbeAnswer probe(const ProbeQuestion& question, Deadline deadline) = 0;
};

}  // namespace ferrule

// Raw reads on a Modbus line: any unit, any address, functions 1 to 4.
#pragma once

#include "modbus/line.h"
#include "sdk/prober.h"

namespace ferrule::modbus {

class LineProber final : public Prober {
 public:
  explicit LineProber(Line& line) : line_(line) {}
  ProbeAnswer probe(const ProbeQuestion& question, Deadline deadline) override;

 private:
  Line& line_;
};

}  // namespace ferrule::modbus

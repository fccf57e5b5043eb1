// A plant as a user describes it in a file for `ferrule simulate`: endpoints, and devices with their registers behind them.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "core/status.h"
#include "sdk/fields.h"
#include "simulator/faults.h"
#include "simulator/registers.h"
#include "simulator/server_frame.h"

namespace ferrule {

// What the file may say (README.md has it as a table).
extern const std::span<const FieldSpec> kPlantFields;

// Where masters reach the plant: a TCP port or a serial line.
struct PlantEndpoint {
  std::string name;  // may be empty
  std::string listen;
  uint16_t port = 0;   // 0: a free one
  std::string serial;  // path of the symbolic link to make; empty: this is TCP
  simulator::Framing framing = simulator::Framing::mbap;
  size_t max_connections = 4096;
  Duration character{0};  // of a line that keeps its pace; 0: bytes take no time
};

class Plant {
 public:
  // `fields` are of kPlantFields. What is wrong is appended to `complaints`, all of it; an error then (Fault::invalid). Pure.
  static Result<std::unique_ptr<Plant>> build(const Fields& fields, Complaints& complaints);

  const std::vector<PlantEndpoint>& endpoints() const { return endpoints_; }

  // The device that answers to `unit` at this endpoint; nullptr when none does. The server's thread only, once it runs.
  simulator::Registers* device(size_t endpoint, uint8_t unit) const { return units_[endpoint * kUnits + unit].registers; }
  // How long that device takes before it answers.
  Duration turnaround(size_t endpoint, uint8_t unit) const { return units_[endpoint * kUnits + unit].turnaround; }
  // What goes wrong. As device().
  simulator::FaultScript& faults() { return faults_; }

 private:
  static constexpr size_t kUnits = 256;

  void add_endpoint(const Fields& fields, Complaints& complaints);
  void add_devices(const Fields& fields, Complaints& complaints);
  void place(const Fields& fields, int unit, simulator::Registers* registers, Complaints& complaints);
  void add_fault(const Fields& fields, Complaints& complaints);

  struct Unit {
    simulator::Registers* registers = nullptr;
    Duration turnaround{0};
  };

  std::vector<PlantEndpoint> endpoints_;
  std::vector<std::unique_ptr<simulator::Registers>> devices_;
  std::vector<Unit> units_;  // by endpoint and unit id
  simulator::FaultScript faults_;
};

}  // namespace ferrule

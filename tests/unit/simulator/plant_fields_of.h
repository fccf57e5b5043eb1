// Builds the Fields of a plant as the loader would from a file, so that these tests need no YAML.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "simulator/plant.h"

namespace ferrule {

inline std::span<const FieldSpec> table_of(std::span<const FieldSpec> table, std::string_view name) {
  for (const FieldSpec& spec : table) {
    if (spec.name == name) return spec.fields;
  }
  return {};
}

using Entries = std::vector<std::pair<std::string, FieldValue>>;

inline Fields fields_of(std::span<const FieldSpec> table, const Entries& entries, Mark mark = {}) {
  Fields fields(table, mark);
  for (const auto& [name, value] : entries) fields.set(name, value, mark);
  return fields;
}

class PlantFields {
 public:
  PlantFields& tcp(Entries entries = {}, Entries endpoint = {}) {
    return add_endpoint("tcp", std::move(entries), std::move(endpoint));
  }
  PlantFields& serial(const std::string& link, Entries entries = {}, Entries endpoint = {}) {
    entries.emplace_back("link", link);
    return add_endpoint("serial", std::move(entries), std::move(endpoint));
  }
  PlantFields& fault(const Entries& fault) {
    faults_.push_back(fields_of(table_of(kPlantFields, "faults"), fault, {.line = 200 + static_cast<uint32_t>(faults_.size())}));
    return *this;
  }
  PlantFields& device(Entries device, const std::vector<Entries>& rows) {
    const auto table = table_of(kPlantFields, "devices");
    std::vector<Fields> registers;
    for (const Entries& row : rows) {
      registers.push_back(fields_of(table_of(table, "registers"), row, {.line = 100 + static_cast<uint32_t>(registers.size())}));
    }
    devices_.push_back(fields_of(table, device, {.line = 20 + static_cast<uint32_t>(devices_.size())}));
    devices_.back().set("registers", std::move(registers));
    return *this;
  }
  Fields fields() const {
    Fields all(kPlantFields, {.line = 1});
    all.set("endpoints", endpoints_, {.line = 1});
    all.set("devices", devices_);
    all.set("faults", faults_);
    return all;
  }
  std::unique_ptr<Plant> plant() const {
    Complaints complaints;
    auto plant = Plant::build(fields(), complaints);
    return plant ? std::move(*plant) : nullptr;
  }

 private:
  PlantFields& add_endpoint(const std::string& kind, Entries entries, Entries endpoint) {
    const auto table = table_of(kPlantFields, "endpoints");
    endpoints_.push_back(fields_of(table, endpoint, {.line = 10 + static_cast<uint32_t>(endpoints_.size())}));
    endpoints_.back().set(kind, std::vector<Fields>{fields_of(table_of(table, kind), entries)});
    return *this;
  }

  std::vector<Fields> endpoints_, devices_, faults_;
};

}  // namespace ferrule

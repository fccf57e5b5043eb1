#include "simulator/plant.h"

#include <algorithm>
#include <string>

namespace ferrule {

using simulator::Area;
using simulator::Registers;
using simulator::Row;
using simulator::Shape;
using simulator::ShapeKind;

namespace {

// Enumerators stand in the order of their words.
template <class Enum>
Enum chosen(std::span<const std::string_view> words, const std::string& word) {
  const auto at = std::find(words.begin(), words.end(), word);
  return static_cast<Enum>(at == words.end() ? 0 : at - words.begin());
}

std::span<const std::string_view> words_of(const Fields& fields, std::string_view name) {
  for (const FieldSpec& spec : fields.table()) {
    if (spec.name == name) return spec.words;
  }
  return {};
}

template <class Enum>
Enum chosen(const Fields& fields, std::string_view name) {
  return chosen<Enum>(words_of(fields, name), fields.text(name));
}

Shape shape_of(const Fields& fields) {
  Shape shape;
  shape.kind = fields.has("text") && !fields.has("shape") ? ShapeKind::text : chosen<ShapeKind>(fields, "shape");
  shape.value = fields.number("value");
  shape.mean = fields.number("mean");
  shape.amplitude = fields.number("amplitude");
  shape.period = fields.duration("period");
  shape.step = fields.number("step");
  shape.every = fields.duration("every");
  shape.spread = fields.number("spread");
  shape.seed = static_cast<uint64_t>(fields.integer("seed"));
  shape.text = fields.text("text");
  return shape;
}

void add_row(const Fields& fields, Registers& registers, Complaints& complaints) {
  const auto complain = [&](std::string_view field, std::string what) {
    complaints.push_back({fields.mark(field), std::move(what)});
  };
  const auto address = simulator::parse_address(fields.text("address"));
  if (!address) return complain("address", address.status().what());
  Row row;
  row.area = address->area;
  row.first = address->offset;
  row.items = static_cast<uint32_t>(fields.integer("count"));
  const bool bits = row.area == Area::coil || row.area == Area::discrete;
  row.format.type = bits && !fields.has("type") ? WireType::boolean : chosen<WireType>(fields, "type");
  row.format.order = chosen<ByteOrder>(fields, "order");
  row.shape = shape_of(fields);
  const int64_t bytes = fields.has("length") ? fields.integer("length") : static_cast<int64_t>(row.shape.text.size());
  row.format.length = static_cast<uint16_t>(std::clamp<int64_t>((bytes + 1) / 2, 1, simulator::kMaxWidth));
  if (bits != (row.format.type == WireType::boolean)) {
    return complain("type",
                    bits ? "coils and discrete inputs hold bool only" : "a register holds no bool, take uint16 or a coil");
  }
  const bool text = row.shape.kind == ShapeKind::text;
  if (text != (row.format.type == WireType::text)) {
    return complain("type", text ? "a text needs `type: string`" : "a string needs `text: ...`");
  }
  if (auto status = registers.add(std::move(row)); !status) complain("address", status.what());
}

// One character of a line with these settings: start, 8 data, parity and stop bits.
Duration character_time(const Fields& serial) {
  const int64_t bits = 9 + (serial.text("parity") == "none" ? 0 : 1) + serial.integer("stop_bits");
  return Duration(bits * 1'000'000'000 / serial.integer("baud"));
}

}  // namespace

Result<std::unique_ptr<Plant>> Plant::build(const Fields& fields, Complaints& complaints) {
  const size_t before = complaints.size();
  std::unique_ptr<Plant> plant(new Plant);
  for (const Fields& endpoint : fields.objects("endpoints")) plant->add_endpoint(endpoint, complaints);
  if (plant->endpoints_.empty()) {
    complaints.push_back({fields.mark("endpoints"), "a plant needs an endpoint, e.g. - tcp: { port: 1502 }"});
    return Status(Fault::invalid, complaints[before].what);
  }
  plant->units_.resize(plant->endpoints_.size() * kUnits);
  for (const Fields& device : fields.objects("devices")) plant->add_devices(device, complaints);
  for (const Fields& fault : fields.objects("faults")) plant->add_fault(fault, complaints);
  if (complaints.size() > before) return Status(Fault::invalid, complaints[before].what);
  return plant;
}

void Plant::add_endpoint(const Fields& fields, Complaints& complaints) {
  const Fields* tcp = fields.object("tcp");
  const Fields* serial = fields.object("serial");
  PlantEndpoint endpoint;
  endpoint.name = fields.text("name");
  if ((tcp == nullptr) == (serial == nullptr)) {
    complaints.push_back({fields.mark(), "an endpoint needs either `tcp` or `serial`"});
  } else if (tcp != nullptr) {
    endpoint.listen = tcp->text("listen");
    endpoint.port = static_cast<uint16_t>(tcp->integer("port"));
    if (tcp->has("max_connections")) endpoint.max_connections = static_cast<size_t>(tcp->integer("max_connections"));
    endpoint.framing = tcp->boolean("rtu_over_tcp") ? simulator::Framing::rtu : simulator::Framing::mbap;
  } else {
    endpoint.serial = serial->text("link");
    if (serial->has("baud")) endpoint.character = character_time(*serial);
    endpoint.framing = simulator::Framing::rtu;
  }
  for (const PlantEndpoint& other : endpoints_) {
    if (endpoint.name.empty() || other.name != endpoint.name) continue;
    complaints.push_back({fields.mark("name"), "two endpoints are called '" + endpoint.name + "'"});
  }
  endpoints_.push_back(std::move(endpoint));
}

void Plant::add_devices(const Fields& fields, Complaints& complaints) {
  const auto range = simulator::parse_unit_range(fields.text("unit_id"));
  if (!range) {
    complaints.push_back({fields.mark("unit_id"), range.status().what()});
    return;
  }
  for (int unit = range->first; unit <= range->last; ++unit) {
    const size_t before = complaints.size();
    auto registers = std::make_unique<Registers>();
    for (const Fields& row : fields.objects("registers")) add_row(row, *registers, complaints);
    place(fields, unit, registers.get(), complaints);
    devices_.push_back(std::move(registers));
    if (complaints.size() > before) return;  // its likes would only repeat the complaints
  }
}

void Plant::place(const Fields& fields, int unit, Registers* registers, Complaints& complaints) {
  const std::string wanted = fields.text("endpoint");
  bool known = false;
  for (size_t endpoint = 0; endpoint < endpoints_.size(); ++endpoint) {
    if (!wanted.empty() && endpoints_[endpoint].name != wanted) continue;
    known = true;
    Unit& owner = units_[endpoint * kUnits + static_cast<size_t>(unit)];
    if (owner.registers != nullptr) {
      complaints.push_back({fields.mark("unit_id"), "unit " + std::to_string(unit) + " is there twice at the same endpoint"});
      return;
    }
    owner = {registers, fields.duration("turnaround")};
  }
  if (!known) complaints.push_back({fields.mark("endpoint"), "no endpoint is called '" + wanted + "'"});
}

void Plant::add_fault(const Fields& fields, Complaints& complaints) {
  simulator::ScriptedFault fault;
  fault.kind = chosen<simulator::FaultKind>(fields, "fault");
  if (const std::string wanted = fields.text("endpoint"); !wanted.empty()) {
    const auto at = std::ranges::find(endpoints_, wanted, &PlantEndpoint::name);
    if (at == endpoints_.end()) return complaints.push_back({fields.mark("endpoint"), "no endpoint is called '" + wanted + "'"});
    fault.endpoint = static_cast<size_t>(at - endpoints_.begin());
    if (simulator::is_of_rtu(fault.kind) && at->framing != simulator::Framing::rtu) {
      return complaints.push_back({fields.mark("fault"), "Modbus TCP has no '" + fields.text("fault") + "': it is of RTU"});
    }
  }
  if (const auto units = simulator::parse_unit_range(fields.text("unit_id"))) fault.units = *units;
  if (fields.has("registers")) {
    const auto registers = simulator::parse_address_range(fields.text("registers"));
    if (!registers) return complaints.push_back({fields.mark("registers"), registers.status().what()});
    fault.registers = *registers;
  }
  fault.share = fields.number("share");
  fault.from = fields.duration("from");
  fault.lasts = fields.duration("for");
  fault.every = fields.duration("every");
  fault.delay = fields.duration("delay");
  fault.code = static_cast<uint8_t>(fields.integer("code"));
  fault.bytes = static_cast<uint32_t>(fields.integer("bytes"));
  faults_.add(fault);
}

}  // namespace ferrule

#include "modbus/read_plan.h"

#include <map>
#include <string>

#include "drivers_common/request_planner.h"

namespace ferrule::modbus {

namespace {

struct Wanted {
  TagId tag;
  Point point;
};

Function read_function(Area area) {
  switch (area) {
    case Area::coil: return Function::read_coils;
    case Area::discrete: return Function::read_discrete;
    case Area::input: return Function::read_input;
    case Area::holding: break;
  }
  return Function::read_holding;
}

// Requests never cross from one of these to another.
struct Space {
  Area area = Area::holding;
  std::optional<ModelRange> models;
  auto operator<=>(const Space&) const = default;
};

std::string describe(const Question& question, const Space& space) {
  const std::string first = std::to_string(question.address);
  const std::string last = std::to_string(question.address + question.count - 1);
  const std::string place =
      space.models ? "sunspec model " + to_text(*space.models) + " words" : std::string(to_text(space.area));
  return "unit " + std::to_string(question.unit) + " " + place + " " + first + ".." + last + " (" +
         std::to_string(question.count) + (holds_bits(space.area) ? " bits)" : " registers)");
}

Request make_request(const DeviceSettings& device, const Space& space, const Block& block, std::span<const Wanted> wanted) {
  auto body = std::make_shared<ReadBody>();
  body->models = space.models;
  body->question = {.unit = unit_of(device.fields),
                    .function = read_function(space.area),
                    .address = static_cast<uint16_t>(block.start),
                    .count = static_cast<uint16_t>(block.width)};
  body->pdu = read_pdu(body->question);
  Request request;
  request.device = device.id;
  request.text = describe(body->question, space);
  body->cuts.reserve(block.values.size());
  request.tags.reserve(block.values.size());
  for (const size_t index : block.values) {
    body->cuts.push_back(cut_of(wanted[index].tag, wanted[index].point, block.start));
    request.tags.push_back(wanted[index].tag);
  }
  request.body = std::move(body);
  return request;
}

Status plan_space(const DeviceSettings& device, const Space& space, std::span<const Wanted> wanted, const ReadLimits& limits,
                  Requests& requests) {
  std::vector<ValueSpan> spans;
  spans.reserve(wanted.size());
  for (const Wanted& one : wanted) spans.push_back({one.point.start(), one.point.end() - one.point.start()});
  const uint32_t most = holds_bits(space.area) ? limits.bits : limits.registers;
  const auto blocks = plan_blocks(spans, {.most = most, .max_gap = limits.max_gap});
  if (!blocks.ok()) return blocks.status();
  for (const Block& block : *blocks) requests.push_back(make_request(device, space, block, wanted));
  return {};
}

}  // namespace

std::array<uint8_t, 5> read_pdu(const Question& question) {
  return {static_cast<uint8_t>(question.function), static_cast<uint8_t>(question.address >> 8),
          static_cast<uint8_t>(question.address), static_cast<uint8_t>(question.count >> 8),
          static_cast<uint8_t>(question.count)};
}

Result<Requests> plan_reads(const DeviceSettings& device, std::span<const TagSettings* const> tags, const ReadLimits& limits) {
  std::map<Space, std::vector<Wanted>> spaces;
  for (const TagSettings* tag : tags) {
    const auto point = point_of(device.fields, tag->fields);
    if (!point.ok()) return point.status();
    if (point->width() == 0 || point->end() > kAddressSpace) {
      return Status(Fault::invalid, to_text(point->address) + ": the value has no length, or ends beyond offset 65535");
    }
    spaces[{point->address.area, point->address.models}].push_back({tag->id, *point});
  }
  Requests requests;
  for (const auto& [space, wanted] : spaces) {
    if (Status planned = plan_space(device, space, wanted, limits, requests); !planned.ok()) return planned;
  }
  return requests;
}

}  // namespace ferrule::modbus

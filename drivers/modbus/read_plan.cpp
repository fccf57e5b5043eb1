#include "modbus/read_plan.h"

#include <algorithm>
#include <map>
#include <string>

#include "drivers_common/request_planner.h"
#include "modbus/refusals.h"
#include "modbus/stretch.h"

namespace ferrule::modbus {

namespace {

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

std::string describe(const Question& question, const std::optional<ModelRange>& models) {
  const Area area = area_of(question.function);
  const std::string first = std::to_string(question.address);
  const std::string last = std::to_string(question.address + question.count - 1);
  const std::string place = models ? "sunspec model " + to_text(*models) + " words" : std::string(to_text(area));
  return "unit " + std::to_string(question.unit) + " " + place + " " + first + ".." + last + " (" +
         std::to_string(question.count) + (holds_bits(area) ? " bits)" : " registers)");
}

class SpacePlan {
 public:
  SpacePlan(const DeviceSettings& device, Space space, const ReadLimits& limits, const Refusals& refusals)
      : device_(device), space_(space), limits_(limits), refusals_(refusals), unit_(unit_of(device.fields)) {}

  // Values that the unit refuses are asked for one by one where `even_refused`, else put aside.
  Status plan(std::vector<Wanted> wanted, bool even_refused, Requests& requests, std::vector<RefusedTag>& refused) {
    std::vector<Wanted> alone;
    if (!space_.models) {
      std::erase_if(wanted, [&](const Wanted& one) {
        const Refused* known = refusals_.find(unit_, space_.area, one.point.start(), one.point.end());
        if (known == nullptr) return false;
        if (even_refused || refusals_.is_due(*known)) {
          alone.push_back(one);
        } else {
          refused.push_back({one.tag, known->code});
        }
        return true;
      });
    }
    if (Status planned = plan_together(wanted, requests); !planned.ok()) return planned;
    for (const Wanted& one : alone) {
      const Block block{one.point.start(), one.point.end() - one.point.start(), {0}};
      requests.push_back(request(block, std::span(&one, 1)));
    }
    return {};
  }

 private:
  Status plan_together(std::span<const Wanted> wanted, Requests& requests) const {
    std::vector<ValueSpan> spans;
    spans.reserve(wanted.size());
    for (const Wanted& one : wanted) spans.push_back({one.point.start(), one.point.end() - one.point.start()});
    const bool bits = holds_bits(space_.area);
    const std::vector<uint32_t> walls = this->walls();
    const PlanLimits limits{.most = bits ? limits_.bits : limits_.registers,
                            .max_gap = limits_.max_gap,
                            .request_cost = limits_.time.of_request(),
                            .register_cost = bits ? limits_.time.data_byte / 8 : limits_.time.data_byte * 2,
                            .walls = walls};
    const auto blocks = plan_blocks(spans, limits);
    if (!blocks.ok()) return blocks.status();
    for (const Block& block : *blocks) requests.push_back(request(block, wanted));
    return {};
  }

  std::vector<uint32_t> walls() const {
    if (space_.models) return {};
    std::vector<uint32_t> walls = refusals_.walls(unit_, space_.area);
    for (const Stretch& stretch : never_read(device_.fields)) {
      if (stretch.area == space_.area) walls.push_back(stretch.first);
    }
    std::ranges::sort(walls);
    return walls;
  }

  Request request(const Block& block, std::span<const Wanted> wanted) const {
    std::vector<Cut> cuts;
    cuts.reserve(block.values.size());
    for (const size_t index : block.values) cuts.push_back(cut_of(wanted[index].tag, wanted[index].point, block.start));
    const Question question{.unit = unit_,
                            .function = read_function(space_.area),
                            .address = static_cast<uint16_t>(block.start),
                            .count = static_cast<uint16_t>(block.width)};
    Request request = make_read(device_.id, question, space_.models, std::move(cuts));
    request.bytes_out = limits_.time.bytes_out();
    request.bytes_in = limits_.time.bytes_in(question);
    request.cost = limits_.time.of(question);
    return request;
  }

  const DeviceSettings& device_;
  const Space space_;
  const ReadLimits& limits_;
  const Refusals& refusals_;
  const uint8_t unit_;
};

// Tags that are not asked for are answered along with the last request.
void attach(std::vector<RefusedTag> refused, Request& request) {
  auto body = std::make_shared<ReadBody>(static_cast<const ReadBody&>(*request.body));
  for (const RefusedTag& one : refused) request.tags.push_back(one.tag);
  body->refused = std::move(refused);
  request.body = std::move(body);
}

}  // namespace

Area area_of(Function read) {
  switch (read) {
    case Function::read_coils: return Area::coil;
    case Function::read_discrete: return Area::discrete;
    case Function::read_input: return Area::input;
    default: return Area::holding;
  }
}

std::array<uint8_t, 5> read_pdu(const Question& question) {
  return {static_cast<uint8_t>(question.function), static_cast<uint8_t>(question.address >> 8),
          static_cast<uint8_t>(question.address), static_cast<uint8_t>(question.count >> 8),
          static_cast<uint8_t>(question.count)};
}

Request make_read(DeviceId device, const Question& question, std::optional<ModelRange> models, std::vector<Cut> cuts,
                  std::vector<RefusedTag> refused, std::shared_ptr<Trial> trial) {
  Request request;
  request.device = device;
  request.text = describe(question, models);
  request.tags.reserve(cuts.size() + refused.size());
  for (const Cut& cut : cuts) request.tags.push_back(cut.tag);
  for (const RefusedTag& one : refused) request.tags.push_back(one.tag);
  auto body = std::make_shared<ReadBody>();
  body->question = question;
  body->models = models;
  body->pdu = read_pdu(question);
  body->cuts = std::move(cuts);
  body->refused = std::move(refused);
  body->trial = std::move(trial);
  request.body = std::move(body);
  return request;
}

ReadLimits read_limits(const Fields& channel, const Fields& device) {
  ReadLimits limits{.registers = limit_of(channel, device, "max_registers"), .bits = limit_of(channel, device, "max_bits")};
  if (device.has("max_bytes")) {
    const auto bytes = static_cast<uint32_t>(device.integer("max_bytes"));
    limits.registers = std::min(limits.registers, bytes / 2);
    limits.bits = std::min(limits.bits, bytes * 8);
  }
  if (device.has("max_gap")) limits.max_gap = static_cast<uint32_t>(device.integer("max_gap"));
  limits.time = line_time(channel, device);
  return limits;
}

Result<Requests> plan_reads(const DeviceSettings& device, std::span<const Wanted> wanted, const ReadLimits& limits,
                            const Refusals& refusals) {
  std::map<Space, std::vector<Wanted>> spaces;
  for (const Wanted& one : wanted) {
    const Point& point = one.point;
    if (point.width() == 0 || point.end() > kAddressSpace) {
      return Status(Fault::invalid, to_text(point.address) + ": the value has no length, or ends beyond offset 65535");
    }
    spaces[{point.address.area, point.address.models}].push_back(one);
  }
  Requests requests;
  std::vector<RefusedTag> refused;
  for (const auto& [space, values] : spaces) {
    if (Status planned = SpacePlan(device, space, limits, refusals).plan(values, false, requests, refused); !planned.ok())
      return planned;
  }
  if (requests.empty() && !refused.empty()) {  // nothing else would tell whether the device lives
    for (const auto& [space, values] : spaces) {
      if (Status planned = SpacePlan(device, space, limits, refusals).plan(values, true, requests, refused); !planned.ok())
        return planned;
    }
    refused.clear();
  }
  if (!refused.empty()) attach(std::move(refused), requests.back());
  return requests;
}

}  // namespace ferrule::modbus

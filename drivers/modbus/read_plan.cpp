#include "modbus/read_plan.h"

#include <algorithm>
#include <map>
#include <string>

#include "drivers_common/request_planner.h"
#include "modbus/refusals.h"
#include "modbus/stretch.h"

namespace ferrule::modbus {

namespace {

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

  // What the unit refuses is put aside until it is due; then it is asked for alone, kMostDue at a time.
  Status plan(std::vector<Piece> pieces, Requests& requests, std::vector<RefusedTag>& refused) {
    std::map<const Refused*, std::vector<Piece>> due;
    if (!space_.models) {
      std::erase_if(pieces, [&](const Piece& one) {
        const Refused* known = refusals_.find(unit_, space_.area, one.start, one.end);
        if (known == nullptr) return false;
        if (refusals_.is_due(known->retry_at) && (due.size() < kMostDue || due.contains(known))) {
          due[known].push_back(one);
        } else {
          refused.push_back({space_.area, one, known->code, known->retry_at});
        }
        return true;
      });
    }
    Status planned = plan_together(pieces, requests);
    for (const auto& [known, together] : due) {
      if (planned.ok()) planned = plan_together(together, requests);
    }
    return planned;
  }

  Status plan_together(std::span<const Piece> pieces, Requests& requests) const {
    std::vector<ValueSpan> spans;
    spans.reserve(pieces.size());
    for (const Piece& one : pieces) spans.push_back({one.start, one.end - one.start});
    const bool bits = holds_bits(space_.area);
    const std::vector<uint32_t> walls = this->walls();
    const PlanLimits limits{.most = bits ? limits_.bits : limits_.registers,
                            .max_gap = limits_.max_gap,
                            .request_cost = limits_.time.of_request(),
                            .register_cost = bits ? limits_.time.data_byte / 8 : limits_.time.data_byte * 2,
                            .walls = walls};
    const auto blocks = plan_blocks(spans, limits);
    if (!blocks.ok()) return blocks.status();
    for (const Block& block : *blocks) requests.push_back(request(block, pieces));
    return {};
  }

 private:
  static constexpr size_t kMostDue = 8;  // so that no poll becomes much longer by it

  std::vector<uint32_t> walls() const {
    if (space_.models) return {};
    std::vector<uint32_t> walls = refusals_.walls(unit_, space_.area);
    for (const Stretch& stretch : never_read(device_.fields)) {
      if (stretch.area == space_.area) walls.push_back(stretch.first);
    }
    std::ranges::sort(walls);
    return walls;
  }

  Request request(const Block& block, std::span<const Piece> pieces) const {
    std::vector<Cut> cuts;
    cuts.reserve(block.values.size());
    for (const size_t index : block.values) cuts.push_back(moved(pieces[index].cut, static_cast<int32_t>(block.start)));
    const Question question{.unit = unit_,
                            .function = read_function(space_.area),
                            .address = static_cast<uint16_t>(block.start),
                            .count = static_cast<uint16_t>(block.width)};
    Request request = make_read(device_.id, question, space_.models, cuts);
    request.bytes_out = limits_.time.bytes_out();
    request.bytes_in = limits_.time.bytes_in(question);
    request.cost = limits_.time.of(question);
    request.quiet = limits_.time.between;
    return request;
  }

  const DeviceSettings& device_;
  const Space space_;
  const ReadLimits& limits_;
  const Refusals& refusals_;
  const uint8_t unit_;
};

// Tags that are not asked for are answered along with the last request.
void attach(std::vector<RefusedTag> refused, bool all, Request& request) {
  auto body = std::make_shared<ReadBody>(static_cast<const ReadBody&>(*request.body));
  body->all_refused = all;
  for (const RefusedTag& one : refused) request.tags.push_back(one.piece.cut.tag);
  body->refused = std::move(refused);
  request.body = std::move(body);
}

// One value (and what else lies there): where all are refused, it tells whether the device lives.
std::vector<Piece> take_one(std::vector<RefusedTag>& refused) {
  const RefusedTag first = refused.front();
  std::vector<Piece> pieces;
  std::erase_if(refused, [&](const RefusedTag& one) {
    if (one.area != first.area || one.piece.start != first.piece.start || one.piece.end != first.piece.end) return false;
    pieces.push_back(one.piece);
    return true;
  });
  return pieces;
}

}  // namespace

Function read_function(Area area) {
  switch (area) {
    case Area::coil: return Function::read_coils;
    case Area::discrete: return Function::read_discrete;
    case Area::input: return Function::read_input;
    case Area::holding: break;
  }
  return Function::read_holding;
}

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

Request make_read(DeviceId device, const Question& question, std::optional<ModelRange> models, std::span<const Cut> cuts,
                  std::vector<RefusedTag> refused, std::shared_ptr<Trial> trial) {
  Request request;
  request.device = device;
  request.text = describe(question, models);
  request.tags.reserve(cuts.size() + refused.size());
  for (const Cut& cut : cuts) request.tags.push_back(cut.tag);
  for (const RefusedTag& one : refused) request.tags.push_back(one.piece.cut.tag);
  auto body = std::make_shared<ReadBody>();
  body->question = question;
  body->models = models;
  body->pdu = read_pdu(question);
  body->cuts = Cuts(cuts);
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

Result<Wanted> wanted_of(TagId tag, const Point& point) {
  if (point.width() == 0 || point.end() > kAddressSpace) {
    return Status(Fault::invalid, to_text(point.address) + ": the value has no length, or ends beyond offset 65535");
  }
  return Wanted{{point.address.area, point.address.models}, {point.start(), point.end(), cut_of(tag, point, 0)}};
}

void add_wanted(const ReadBody& body, std::span<const TagId> tags, std::vector<Wanted>& wanted) {
  const Space space{area_of(body.question.function), body.models};
  for (const Cut cut : body.cuts) {
    if (!std::ranges::binary_search(tags, cut.tag)) continue;
    wanted.push_back({space, piece_of(moved(cut, -int32_t{body.question.address}))});
  }
  for (const RefusedTag& one : body.refused) {
    if (std::ranges::binary_search(tags, one.piece.cut.tag)) wanted.push_back({{one.area, {}}, one.piece});
  }
}

Result<Requests> plan_reads(const DeviceSettings& device, std::span<const Wanted> wanted, const ReadLimits& limits,
                            const Refusals& refusals) {
  std::map<Space, std::vector<Piece>> spaces;
  for (const Wanted& one : wanted) spaces[one.space].push_back(one.piece);
  Requests requests;
  std::vector<RefusedTag> refused;
  for (const auto& [space, pieces] : spaces) {
    SpacePlan plan(device, space, limits, refusals);
    if (Status planned = plan.plan(pieces, requests, refused); !planned.ok()) return planned;
  }
  if (refused.empty()) return requests;
  const bool all = requests.empty();
  if (all) {
    SpacePlan plan(device, {refused.front().area, {}}, limits, refusals);
    const std::vector<Piece> some = take_one(refused);
    if (Status planned = plan.plan_together(some, requests); !planned.ok()) return planned;
  }
  attach(std::move(refused), all, requests.back());
  return requests;
}

}  // namespace ferrule::modbus

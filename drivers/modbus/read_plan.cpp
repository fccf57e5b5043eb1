#include "modbus/read_plan.h"

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

Cut cut_of(const Wanted& wanted, uint32_t block_start) {
  const Point& point = wanted.point;
  const uint32_t distance = point.address.offset - block_start;
  Cut cut{.tag = wanted.tag, .at = distance, .bytes = 0, .bit = -1, .type = point.type, .order = point.order};
  if (holds_bits(point.address.area)) return cut;
  cut.at = distance * 2;
  cut.bytes = static_cast<uint16_t>(point.width() * 2);
  if (point.address.bit) cut.bit = static_cast<int8_t>(*point.address.bit);
  return cut;
}

std::string describe(const Question& question, Area area) {
  const std::string first = std::to_string(question.address);
  const std::string last = std::to_string(question.address + question.count - 1);
  return "unit " + std::to_string(question.unit) + " " + std::string(to_text(area)) + " " + first + ".." + last + " (" +
         std::to_string(question.count) + (holds_bits(area) ? " bits)" : " registers)");
}

Request make_request(const DeviceSettings& device, Area area, const Block& block, std::span<const Wanted> wanted) {
  auto body = std::make_shared<ReadBody>();
  body->question = {.unit = unit_of(device.fields),
                    .function = read_function(area),
                    .address = static_cast<uint16_t>(block.start),
                    .count = static_cast<uint16_t>(block.width)};
  body->pdu = read_pdu(body->question);
  Request request;
  request.device = device.id;
  request.text = describe(body->question, area);
  body->cuts.reserve(block.values.size());
  request.tags.reserve(block.values.size());
  for (const size_t index : block.values) {
    body->cuts.push_back(cut_of(wanted[index], block.start));
    request.tags.push_back(wanted[index].tag);
  }
  request.body = std::move(body);
  return request;
}

Status plan_area(const DeviceSettings& device, Area area, std::span<const Wanted> wanted, const ReadLimits& limits,
                 Requests& requests) {
  std::vector<ValueSpan> spans;
  spans.reserve(wanted.size());
  for (const Wanted& one : wanted) spans.push_back({one.point.address.offset, one.point.width()});
  const uint32_t most = holds_bits(area) ? limits.bits : limits.registers;
  const auto blocks = plan_blocks(spans, {.most = most, .max_gap = limits.max_gap});
  if (!blocks.ok()) return blocks.status();
  for (const Block& block : *blocks) requests.push_back(make_request(device, area, block, wanted));
  return {};
}

bool bit_of_register(std::span<const uint8_t> data, const Cut& cut) {
  const bool high = cut.bit >= 8;
  // A register whose bytes are swapped has its low byte first.
  const bool swapped = cut.order == ByteOrder::badc || cut.order == ByteOrder::dcba;
  const uint8_t byte = data[cut.at + (high == swapped ? 1 : 0)];
  return (byte >> (cut.bit % 8) & 1) != 0;
}

}  // namespace

std::array<uint8_t, 5> read_pdu(const Question& question) {
  return {static_cast<uint8_t>(question.function), static_cast<uint8_t>(question.address >> 8),
          static_cast<uint8_t>(question.address), static_cast<uint8_t>(question.count >> 8),
          static_cast<uint8_t>(question.count)};
}

Result<Requests> plan_reads(const DeviceSettings& device, std::span<const TagSettings* const> tags, const ReadLimits& limits) {
  std::array<std::vector<Wanted>, 4> areas;
  for (const TagSettings* tag : tags) {
    const auto point = point_of(device.fields, tag->fields);
    if (!point.ok()) return point.status();
    if (point->width() == 0 || point->address.offset + point->width() > kAddressSpace) {
      return Status(Fault::invalid, to_text(point->address) + ": the value has no length, or ends beyond offset 65535");
    }
    areas[static_cast<size_t>(point->address.area)].push_back({tag->id, *point});
  }
  Requests requests;
  for (size_t i = 0; i < areas.size(); ++i) {
    if (Status planned = plan_area(device, static_cast<Area>(i), areas[i], limits, requests); !planned.ok()) return planned;
  }
  return requests;
}

void decode_reply(const ReadBody& body, std::span<const uint8_t> data, SampleSink& sink) {
  for (const Cut& cut : body.cuts) {
    if (cut.bytes == 0) {
      sink.good(cut.tag, (data[cut.at / 8] >> (cut.at % 8) & 1) != 0);
    } else if (cut.bit >= 0) {
      sink.good(cut.tag, bit_of_register(data, cut));
    } else {
      sink.good(cut.tag, decode(cut.type, cut.order, data.subspan(cut.at, cut.bytes)));
    }
  }
}

}  // namespace ferrule::modbus

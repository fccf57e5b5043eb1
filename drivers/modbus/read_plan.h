// From a device's tags to the requests that read them, and from a reply's bytes back to the tags. Planning is pure.
#pragma once

#include <array>
#include <span>
#include <vector>

#include "modbus/cut.h"
#include "modbus/point.h"
#include "modbus/reply.h"
#include "sdk/driver.h"

namespace ferrule::modbus {

struct ReadBody final : Request::Body {
  Question question;  // with `models`: its address counts from the model's first word
  std::optional<ModelRange> models;
  std::array<uint8_t, 5> pdu{};
  std::vector<Cut> cuts;
};

struct ReadLimits {
  uint32_t registers = 125;
  uint32_t bits = 2000;
  uint32_t max_gap = 0;
};

Result<Requests> plan_reads(const DeviceSettings& device, std::span<const TagSettings* const> tags, const ReadLimits& limits);

// Function, address, count.
std::array<uint8_t, 5> read_pdu(const Question& question);

// `data` has body.question.data_bytes() bytes. Each tag is answered once.
inline void decode_reply(const ReadBody& body, std::span<const uint8_t> data, SampleSink& sink) {
  decode_cuts(body.cuts, data, sink);
}

}  // namespace ferrule::modbus

// From a device's tags to the requests that read them, and from a reply's bytes back to the tags. Planning is pure.
#pragma once

#include <array>
#include <span>
#include <vector>

#include "modbus/point.h"
#include "modbus/reply.h"
#include "sdk/driver.h"

namespace ferrule::modbus {

// How one tag is cut out of a reply. Made once, at planning; decoding walks this table and allocates nothing (texts apart).
struct Cut {
  TagId tag = TagId::none;
  uint32_t at = 0;     // first byte, or for a coil or discrete input the bit
  uint16_t bytes = 0;  // 0: one bit of a bit area
  int8_t bit = -1;     // of the register at `at`, or -1
  WireType type = WireType::uint16;
  ByteOrder order = ByteOrder::abcd;
};

struct ReadBody final : Request::Body {
  Question question;
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
void decode_reply(const ReadBody& body, std::span<const uint8_t> data, SampleSink& sink);

}  // namespace ferrule::modbus

#include "modbus/frame_text.h"

#include <optional>

#include "modbus/exception.h"
#include "modbus/reply.h"

namespace ferrule::modbus {

namespace {

uint16_t word_at(std::span<const uint8_t> bytes, size_t at) { return static_cast<uint16_t>(bytes[at] << 8 | bytes[at + 1]); }

std::string_view name_of(uint8_t function) {
  switch (function) {
    case 1: return "read coil";
    case 2: return "read discrete";
    case 3: return "read holding";
    case 4: return "read input";
    case 5: return "write coil";
    case 6: return "write holding";
    case 15: return "write coils";
    case 16: return "write holding";
    case 22: return "mask holding";
    default: return {};
  }
}

std::string range_text(uint32_t first, uint32_t count) {
  std::string text = " " + std::to_string(first);
  if (count > 1) text += ".." + std::to_string(first + count - 1);
  return text;
}

bool counts(uint8_t function) { return function <= 4 || function == 15 || function == 16; }

// Of a request, and of the confirmation of a write, which repeats its head.
std::string request_text(std::span<const uint8_t> pdu) {
  const std::string_view name = name_of(pdu[0]);
  if (name.empty() || pdu.size() < 5) return "function " + std::to_string(pdu[0]);
  return std::string(name) + range_text(word_at(pdu, 1), counts(pdu[0]) ? word_at(pdu, 3) : 1);
}

std::string reply_text(std::span<const uint8_t> pdu) {
  const uint8_t function = pdu[0];
  if ((function & 0x80) != 0) {
    const std::string to = "to function " + std::to_string(function & 0x7f);
    return pdu.size() < 2 ? "an error " + to : exception_text(pdu[1]) + " (" + to + ")";
  }
  if (function < 1 || function > 4) return request_text(pdu) + " confirmed";
  if (pdu.size() < 2) return "the start of an answer";
  const std::string size = function <= 2 ? std::to_string(pdu[1]) + " bytes of bits" : std::to_string(pdu[1] / 2) + " registers";
  return size + (pdu.size() < size_t{2} + pdu[1] ? ", broken off" : "");
}

// Unit and PDU; the checksum at the end of an RTU frame is cut off.
std::optional<std::span<const uint8_t>> unit_and_pdu(const ChannelSettings& channel, std::span<const uint8_t> frame) {
  const bool rtu = channel.fields.has("serial") || channel.fields.boolean("rtu_over_tcp");
  if (!rtu) return frame.size() > kMbapSize ? std::optional(frame.subspan(kMbapSize - 1)) : std::nullopt;
  return frame.size() >= 4 ? std::optional(frame.first(frame.size() - 2)) : std::nullopt;
}

}  // namespace

std::string frame_text(const ChannelSettings& channel, std::span<const uint8_t> frame, bool sent) {
  const auto body = unit_and_pdu(channel, frame);
  if (!body) return "too short for a frame";
  const std::span<const uint8_t> pdu = body->subspan(1);
  return "unit " + std::to_string((*body)[0]) + ", " + (sent ? request_text(pdu) : reply_text(pdu));
}

}  // namespace ferrule::modbus

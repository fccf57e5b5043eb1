#include "simulator/faults.h"

#include <algorithm>

namespace ferrule::simulator {

namespace {

using Bytes = std::vector<uint8_t>;

constexpr uint8_t kExceptionFlag = 0x80;

uint32_t word_of(std::span<const uint8_t> bytes, size_t at) { return static_cast<uint32_t>(bytes[at] << 8 | bytes[at + 1]); }

std::optional<Area> area_of(uint8_t function) {
  switch (function) {
    case 1:
    case 5:
    case 15: return Area::coil;
    case 2: return Area::discrete;
    case 4: return Area::input;
    case 3:
    case 6:
    case 16:
    case 22: return Area::holding;
    default: return std::nullopt;
  }
}

bool touches(std::span<const uint8_t> request, const AddressRange& range) {
  if (request.size() < 5 || area_of(request[0]) != range.area) return false;
  const bool one = request[0] == 5 || request[0] == 6 || request[0] == 22;
  const uint32_t first = word_of(request, 1);
  const uint32_t count = one ? 1 : word_of(request, 3);
  return first <= range.last && first + count > range.first;
}

Bytes frame_of(Framing framing, const Found& request, std::span<const uint8_t> pdu) {
  Bytes frame;
  append_answer(framing, request, pdu, frame);
  return frame;
}

}  // namespace

bool ScriptedFault::active(Duration since) const {
  if (since < from) return false;
  const Duration into = every > Duration{0} ? (since - from) % every : since - from;
  return lasts == Duration{0} || into < lasts;
}

bool ScriptedFault::concerns(size_t at_endpoint, uint8_t unit, std::span<const uint8_t> request) const {
  if (endpoint && *endpoint != at_endpoint) return false;
  if (unit < units.first || unit > units.last) return false;
  return !registers || touches(request, *registers);
}

bool FaultScript::endpoint_has(FaultKind kind, size_t endpoint, Duration since) const {
  return std::ranges::any_of(faults_, [&](const ScriptedFault& fault) {
    return fault.kind == kind && (!fault.endpoint || *fault.endpoint == endpoint) && fault.active(since);
  });
}

// xorshift64: the same script runs the same way each time.
uint64_t FaultScript::roll() {
  dice_ ^= dice_ << 13;
  dice_ ^= dice_ >> 7;
  dice_ ^= dice_ << 17;
  return dice_;
}

bool FaultScript::hits(const ScriptedFault& fault, size_t endpoint, const Found& request, Duration since) {
  if (!fault.active(since) || !fault.concerns(endpoint, request.unit, request.pdu)) return false;
  return fault.share >= 100 || static_cast<double>(roll() % 1'000'000) < fault.share * 10'000;
}

bool FaultScript::echoes(size_t endpoint, const Found& request, Duration since) {
  return std::ranges::any_of(faults_, [&](const ScriptedFault& fault) {
    return fault.kind == FaultKind::echo && hits(fault, endpoint, request, since);
  });
}

std::vector<Lump> FaultScript::play(size_t endpoint, Framing framing, const Found& request, std::span<const uint8_t> answer,
                                    Duration since) {
  Bytes pdu(answer.begin(), answer.end());
  Found from = request;
  Duration delay{0};
  Duration gap{0};
  std::vector<const ScriptedFault*> of_the_frame;  // what changes the frame rather than the answer
  for (const ScriptedFault& fault : faults_) {
    if (!hits(fault, endpoint, request, since)) continue;
    switch (fault.kind) {
      case FaultKind::silent:
      case FaultKind::reboot: return {};
      case FaultKind::half_open:
      case FaultKind::echo: break;
      case FaultKind::late: delay += fault.delay; break;
      case FaultKind::drip: gap = fault.delay; break;
      case FaultKind::wrong_unit: ++from.unit; break;
      case FaultKind::wrong_function: pdu[0] ^= 1; break;
      case FaultKind::exception: pdu = {static_cast<uint8_t>(request.pdu[0] | kExceptionFlag), fault.code}; break;
      default: of_the_frame.push_back(&fault);
    }
  }
  Bytes frame = frame_of(framing, from, pdu);
  for (const ScriptedFault* fault : of_the_frame) distort(*fault, framing, frame);
  std::vector<Lump> lumps;
  if (gap == Duration{0}) {
    lumps.push_back({delay, std::move(frame)});
    return lumps;
  }
  for (size_t i = 0; i < frame.size(); ++i) lumps.push_back({delay + static_cast<int64_t>(i) * gap, {frame[i]}});
  return lumps;
}

void FaultScript::distort(const ScriptedFault& fault, Framing framing, Bytes& frame) {
  const auto put_before = [&frame](const Bytes& bytes) { frame.insert(frame.begin(), bytes.begin(), bytes.end()); };
  switch (fault.kind) {
    case FaultKind::wrong_crc:
      if (framing == Framing::rtu && !frame.empty()) frame.back() ^= 0x5a;
      break;
    case FaultKind::drop_bytes:
      for (uint32_t i = 0; i < fault.bytes && !frame.empty(); ++i) {
        frame.erase(frame.begin() + static_cast<ptrdiff_t>(roll() % frame.size()));
      }
      break;
    case FaultKind::repeat: put_before(Bytes(frame)); break;
    case FaultKind::garbage: {
      Bytes rubbish(fault.bytes);
      for (uint8_t& byte : rubbish) byte = static_cast<uint8_t>(roll());
      put_before(rubbish);
      break;
    }
    default: break;
  }
}

}  // namespace ferrule::simulator

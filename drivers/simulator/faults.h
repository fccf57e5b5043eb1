// What goes wrong in a plant, and when: a script of faults over time. Pure: the same moment, request and dice give the same.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "core/clock.h"
#include "simulator/address.h"
#include "simulator/server_frame.h"

namespace ferrule::simulator {

enum class FaultKind : uint8_t {
  silent,          // no answer
  late,            // the answer comes `delay` later
  wrong_unit,      // it carries the next unit's id
  wrong_function,  // or another function code
  wrong_crc,       // or a checksum that does not fit (RTU)
  exception,       // it is an error answer with `code`
  drop_bytes,      // `bytes` of it are missing
  garbage,         // `bytes` of rubbish come before it
  echo,            // every request comes back, as from an adapter that hears itself (RTU)
  repeat,          // the answer comes twice
  drip,            // its bytes come `delay` apart
  reboot,          // connections are closed, nobody answers; what was written is forgotten
  half_open,       // the connections that are open when it begins are dead from then on; new ones are not
};
inline constexpr std::string_view kFaultWords[] = {"silent",    "late",       "wrong_unit", "wrong_function", "wrong_crc",
                                                   "exception", "drop_bytes", "garbage",    "echo",           "repeat",
                                                   "drip",      "reboot",     "half_open"};

// Only where frames are RTU's.
constexpr bool is_of_rtu(FaultKind kind) { return kind == FaultKind::wrong_crc || kind == FaultKind::echo; }

struct ScriptedFault {
  FaultKind kind = FaultKind::silent;
  std::optional<size_t> endpoint;  // none: all of them
  UnitRange units{0, 255};
  std::optional<AddressRange> registers;  // only requests that touch these
  double share = 100;                     // of the requests that it could hit, in percent
  Duration from{0};                       // since the start of the plant
  Duration lasts{0};                      // 0: for ever
  Duration every{0};                      // begins again so long after it began; 0: once
  Duration delay{0};
  uint8_t code = 4;
  uint32_t bytes = 1;

  bool active(Duration since) const;
  bool concerns(size_t at_endpoint, uint8_t unit, std::span<const uint8_t> request) const;
};

// Bytes that go out `after` the answer would have.
struct Lump {
  Duration after{0};
  std::vector<uint8_t> bytes;
};

class FaultScript {
 public:
  void add(ScriptedFault fault) { faults_.push_back(fault); }
  bool empty() const { return faults_.empty(); }

  // Whether the whole endpoint suffers from this kind now (reboot, half_open).
  bool endpoint_has(FaultKind kind, size_t endpoint, Duration since) const;

  // Whether the line hands this request back before anybody answers it.
  bool echoes(size_t endpoint, const Found& request, Duration since);

  // What leaves instead of `answer` (a PDU) to this request. Nothing: silence.
  std::vector<Lump> play(size_t endpoint, Framing framing, const Found& request, std::span<const uint8_t> answer, Duration since);

 private:
  bool hits(const ScriptedFault& fault, size_t endpoint, const Found& request, Duration since);
  void distort(const ScriptedFault& fault, Framing framing, std::vector<uint8_t>& frame);
  uint64_t roll();

  std::vector<ScriptedFault> faults_;
  uint64_t dice_ = 88172645463325252u;
};

}  // namespace ferrule::simulator

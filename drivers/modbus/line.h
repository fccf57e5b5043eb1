// A line to one or more Modbus units: ask one question, get one answer or the reason why there is none. TCP and RTU differ in how
// an answer is known to belong to its question; see tcp_line.cpp and rtu_line.cpp.
#pragma once

#include <memory>
#include <span>

#include "core/clock.h"
#include "core/status.h"
#include "link/stream.h"
#include "modbus/by_unit.h"
#include "modbus/overdue.h"
#include "modbus/reply.h"
#include "sdk/driver.h"

namespace ferrule::modbus {

struct Answer {
  Status status;                  // ok: the unit answered; `exception` says whether with an error
  uint8_t exception = 0;          // 0: none
  std::span<const uint8_t> data;  // of a read; valid until the next ask()
  bool sent = false;              // at least a part of the question left this machine
  bool link_answers = false;      // the unit said something, though not the answer: the reason of a bad sample is bad_reply
  uint32_t bytes_out = 0;
  uint32_t bytes_in = 0;
  uint32_t strays = 0;  // frames that came and answered nothing: late, repeated or another's
  Duration on_wire{0};
};

// Silence before each request to a unit, by its id.
using Pauses = ByUnit<Duration>;

// One thread; see Driver for what a call may cost and what a failure means for the next.
class Line {
 public:
  virtual ~Line() = default;
  virtual Status connect(Deadline deadline) = 0;
  virtual void disconnect() noexcept = 0;
  // `pdu` is the question's, function code first. From `send_by` on it is not sent any more: timeout, nothing sent. A broadcast
  // is answered by nobody: ok once the units have had time to act on it, which ends at the deadline, too.
  virtual Answer ask(const Question& question, std::span<const uint8_t> pdu, Deadline deadline, MonoTime send_by) = 0;
  Answer ask(const Question& question, std::span<const uint8_t> pdu, Deadline deadline) {
    return ask(question, pdu, deadline, deadline);
  }
  // See Driver::free_at.
  virtual MonoTime free_at(const Question& /*question*/, MonoTime now) const { return now; }
};

std::unique_ptr<Line> make_tcp_line(std::unique_ptr<Stream> stream, const Pauses& pauses, const ChannelContext& context);

struct RtuTiming {
  Duration silence{0};     // that parts two frames: 3.5 characters; 0 over TCP
  Duration character{0};   // one byte on the wire; 0 over TCP
  Duration error_silence;  // after an error, until the line counts as quiet
  Pauses pauses;
  LateWindows late;
  bool may_echo = false;  // an RS-485 adapter may hand us our own bytes back
};
std::unique_ptr<Line> make_rtu_line(std::unique_ptr<Stream> stream, const RtuTiming& timing, const ChannelContext& context);

}  // namespace ferrule::modbus

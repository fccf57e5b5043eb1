// How long things take on a channel's line, worked out from its settings: what the planner weighs requests by, what `ferrule
// plan` prints, and what the driver keeps as silence between frames. Pure.
#pragma once

#include "core/clock.h"
#include "modbus/reply.h"
#include "sdk/settings.h"

namespace ferrule::modbus {

struct LineTime {
  uint32_t frame_out = 0;  // bytes around a request's five
  uint32_t frame_in = 0;   // bytes around an answer's data
  Duration character{0};   // one byte on the wire
  Duration data_byte{0};   // one byte of an answer: as `character`, over TCP what reading it costs the device
  Duration turnaround{0};  // of the device, from a request's last byte to its answer's first
  Duration between{0};     // from an answer's last byte to the next request's first

  // Of one read: whole frames, and from its first byte to the first that the next request may send.
  uint32_t bytes_out() const { return frame_out + 5; }
  uint32_t bytes_in(const Question& read) const { return frame_in + read.data_bytes(); }
  Duration of(const Question& read) const;
  // The same parted: a request, however little it reads; one byte of data more.
  Duration of_request() const;
};

// The silence that parts two RTU frames: 3.5 characters, and 1.75 ms where these are shorter (above 19,200 baud).
Duration frame_silence(const Fields& serial);
// The silence that the user wants before a request to this device; the channel's where the device has none.
Duration pause_of(const Fields& channel, const Fields& device);

LineTime line_time(const Fields& channel, const Fields& device);

}  // namespace ferrule::modbus

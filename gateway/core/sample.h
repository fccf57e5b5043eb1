// What was read of one tag at one moment. A failed read is a sample too: bad, with its reason and without a value, so that a
// receiver can tell "the pump is at 0" from "nobody knows".
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "core/clock.h"
#include "core/names.h"
#include "core/value.h"

namespace ferrule {

enum class Quality : uint8_t { good, uncertain, bad };

// Why a sample is not good. Names are part of payloads, the REST API and stored blocks: add at the end, never renumber.
enum class Reason : uint8_t {
  none,
  not_read_yet,    // configured, no poll has finished
  timeout,         // the device did not answer in time
  link_down,       // no connection to the endpoint, or the serial port is absent
  device_refused,  // the device answered with an error; detail is its code (Modbus: the exception code)
  bad_reply,       // an answer that cannot be one to the question: wrong unit, function, length, checksum
  overrun,         // read, but the gateway could not take it in time
  out_of_range,    // outside the tag's `valid` range, or a raw value listed under `invalid`
  not_a_number,    // NaN or infinity came from the device
  stale,           // no fresh reading for longer than `stale_after`
  rule_failed,     // a rule that computes the tag had a bad input or divided by zero
};

std::string_view to_text(Quality quality);
std::string_view to_text(Reason reason);

struct Sample {
  Value value;  // none when bad
  MonoTime read_at;
  TagId tag = TagId::none;
  Quality quality = Quality::good;
  Reason reason = Reason::none;
  uint16_t detail = 0;
  int64_t source_ns = 0;  // the device's own UTC time stamp in ns since 1970, 0 when it gave none
};

static_assert(sizeof(Sample) <= 40);

}  // namespace ferrule

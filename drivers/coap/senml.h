// SenML packs (RFC 8428), JSON or CBOR, with their base fields resolved. Pure.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/clock.h"
#include "core/status.h"
#include "drivers_common/document.h"

namespace ferrule::coap {

struct SenmlRecord {
  std::string name;  // base name and name
  std::string unit;  // empty: none
  Value value;       // a number, a text, a boolean or bytes; empty: the record has only a sum, or nothing
  double sum = 0;    // integral over time, where has_sum
  bool has_sum = false;
  double time = 0;  // seconds since 1970; 0: the device gave none
};

// The records in their order. `now` resolves times that count from now (below 2^28). bad_reply: not SenML, or of a version or
// with a field marked mandatory that is not known here; the text says which record.
Result<std::vector<SenmlRecord>> read_senml(const Document& document, bool cbor, WallTime now);

// Standard base64 or its URL alphabet, padded or not; nothing: it is neither.
std::optional<std::string> from_base64(std::string_view text);

}  // namespace ferrule::coap

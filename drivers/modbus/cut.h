// How the value of one tag is cut out of a reply. Made once, at planning; decoding walks a table of these and allocates nothing
// (texts apart). Pure.
#pragma once

#include <span>

#include "core/names.h"
#include "modbus/point.h"
#include "sdk/driver.h"

namespace ferrule::modbus {

struct Cut {
  TagId tag = TagId::none;
  uint32_t at = 0;           // first byte, or for a coil or discrete input the bit
  uint16_t bytes = 0;        // 0: one bit of a bit area
  int8_t bit = -1;           // of the register at `at`, or -1
  bool may_be_none = false;  // the raw values by which SunSpec says "not implemented" are no values
  int32_t exponent_at = -1;  // first byte of the power of ten, or -1
  WireType type = WireType::uint16;
  ByteOrder order = ByteOrder::abcd;
  BitField field;
  bool operator==(const Cut&) const = default;
};

// What one tag takes of a reply, or, with a cut that counts from offset 0, of its area: registers (or bits) start .. end - 1.
struct Piece {
  uint32_t start = 0;
  uint32_t end = 0;
  Cut cut;
};
Piece piece_of(const Cut& cut);

// The same place of a reply that starts `by` registers (or bits) later (negative: earlier).
Cut moved(Cut cut, int32_t by);

// Of a reply whose first register (or bit) is `first`; all that the point reads is in it.
Cut cut_of(TagId tag, const Point& point, uint32_t first);

// `data` holds all that the cut takes. The tag is answered: good, or bad with not_a_number where the bytes are no value.
void decode_cut(const Cut& cut, std::span<const uint8_t> data, SampleSink& sink);

}  // namespace ferrule::modbus

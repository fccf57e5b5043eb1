#include "modbus/write_request.h"

#include "drivers_common/wire_value.h"
#include "modbus/fields.h"

namespace ferrule::modbus {

namespace {

constexpr uint16_t kCoilOn = 0xff00;

struct Encoded {
  std::array<uint8_t, 2 * kMostWrittenRegisters> space{};
  size_t size = 0;
  std::span<uint8_t> bytes() { return std::span(space).first(size); }
};

bool is_part(const Point& point) {
  return !holds_bits(point.address.area) && (point.address.bit.has_value() || !point.field.whole());
}

void put_byte(WriteRequest& request, uint8_t byte) { request.bytes[request.size++] = byte; }

void put_word(WriteRequest& request, uint16_t word) {
  put_byte(request, static_cast<uint8_t>(word >> 8));
  put_byte(request, static_cast<uint8_t>(word));
}

void put_head(WriteRequest& request) {
  put_byte(request, static_cast<uint8_t>(request.question.function));
  put_word(request, request.question.address);
  put_word(request, request.question.count);
}

Result<Encoded> encoded(const Point& point, const Value& value) {
  Encoded made;
  made.size = point.width() * size_t{2};
  if (Status status = encode(point.type, point.order, value, made.bytes(), point.field); !status.ok()) return status;
  return made;
}

Result<WriteRequest> coil_request(WriteRequest request, const Value& value) {
  std::array<uint8_t, 2> bits{};
  if (Status status = encode(WireType::boolean, ByteOrder::abcd, value, bits); !status.ok()) return status;
  const bool on = bits[1] != 0;
  if (request.question.function == Function::write_coil) {
    request.question.count = on ? kCoilOn : uint16_t{0};
    put_head(request);
    return request;
  }
  request.question.count = 1;
  put_head(request);
  put_byte(request, 1);
  put_byte(request, on ? 1 : 0);
  return request;
}

// Bits of one register; the device leaves the others as they are at that moment.
Result<WriteRequest> mask_request(WriteRequest request, const Point& point, const Value& value) {
  std::array<uint8_t, 2> bits{}, mask{};
  BitField field = point.field;
  if (point.is_bit()) {
    if (Status status = encode(WireType::boolean, ByteOrder::abcd, value, bits); !status.ok()) return status;
    field = {.mask = uint64_t{1} << *point.address.bit, .shift = *point.address.bit};
  }
  const WireType type = point.is_bit() ? WireType::uint16 : point.type;
  if (Status status = encode(type, point.order, value, bits, field); !status.ok()) return status;
  if (Status status = encode(WireType::uint16, point.order, Value(field.mask & 0xffff), mask); !status.ok()) return status;
  request.question.count = static_cast<uint16_t>(~word_at(mask, 0));
  request.question.or_mask = word_at(bits, 0);
  put_head(request);
  put_word(request, request.question.or_mask);
  return request;
}

}  // namespace

Function usual_write_function(const Point& point) {
  if (point.address.area == Area::coil) return Function::write_coil;
  if (is_part(point)) return Function::mask_write;
  return point.width() == 1 ? Function::write_register : Function::write_registers;
}

std::optional<Function> write_function(const Point& point, const FunctionSet& allowed) {
  const uint32_t width = point.width();
  if (!can_write(point.address.area) || width == 0 || width > kMostWrittenRegisters) return std::nullopt;
  const Function usual = usual_write_function(point);
  if (usual == Function::mask_write && width > 1) return std::nullopt;
  if (allowed.test(static_cast<size_t>(usual))) return usual;
  // One can be written as if it were several.
  const bool coil = usual == Function::write_coil;
  if (!coil && usual != Function::write_register) return std::nullopt;
  const Function several = coil ? Function::write_coils : Function::write_registers;
  return allowed.test(static_cast<size_t>(several)) ? std::optional(several) : std::nullopt;
}

Result<WriteRequest> write_request(uint8_t unit, const Point& point, const FunctionSet& allowed, const Value& value) {
  const auto function = write_function(point, allowed);
  if (!function) return Status(Fault::invalid, to_text(point.address) + " cannot be written");
  WriteRequest request;
  request.question.unit = unit;
  request.question.function = *function;
  request.question.address = point.address.offset;
  if (point.address.area == Area::coil) return coil_request(request, value);
  if (*function == Function::mask_write) return mask_request(request, point, value);
  auto made = encoded(point, value);
  if (!made.ok()) return made.status();
  if (*function == Function::write_register) {
    request.question.count = word_at(made->bytes(), 0);
    put_head(request);
    return request;
  }
  request.question.count = static_cast<uint16_t>(point.width());
  put_head(request);
  put_byte(request, static_cast<uint8_t>(made->size));
  for (const uint8_t byte : made->bytes()) put_byte(request, byte);
  return request;
}

Result<Value> value_as_read(const Point& point, const Value& value) {
  if (point.is_bit()) return Value(value.number().value_or(0) != 0);
  auto made = encoded(point, value);
  if (!made.ok()) return made.status();
  return decode(point.type, point.order, made->bytes(), point.field);
}

}  // namespace ferrule::modbus

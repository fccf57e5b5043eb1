#include "modbus/write_request.h"

#include "drivers_common/wire_value.h"
#include "modbus/fields.h"

namespace ferrule::modbus {

namespace {

constexpr uint16_t kCoilOn = 0xff00;

void put_word(WriteRequest& request, uint16_t word) {
  request.bytes[request.size++] = static_cast<uint8_t>(word >> 8);
  request.bytes[request.size++] = static_cast<uint8_t>(word);
}

void put_head(WriteRequest& request) {
  request.bytes[request.size++] = static_cast<uint8_t>(request.question.function);
  put_word(request, request.question.address);
}

Result<WriteRequest> coil_request(WriteRequest request, const Value& value) {
  std::array<uint8_t, 2> bits{};
  if (Status status = encode(WireType::boolean, ByteOrder::abcd, value, bits); !status.ok()) return status;
  request.question.function = Function::write_coil;
  request.question.count = bits[1] != 0 ? kCoilOn : uint16_t{0};
  put_head(request);
  put_word(request, request.question.count);
  return request;
}

}  // namespace

Result<WriteRequest> write_request(uint8_t unit, const Point& point, const Value& value) {
  WriteRequest request;
  request.question.unit = unit;
  request.question.address = point.address.offset;
  if (point.address.area == Area::coil) return coil_request(request, value);
  const uint32_t registers = point.width();
  if (point.address.area != Area::holding || point.address.bit || registers == 0 || registers > kMostWrittenRegisters) {
    return Status(Fault::invalid, to_text(point.address) + " cannot be written");
  }
  std::array<uint8_t, 2 * kMostWrittenRegisters> values{};
  const std::span<uint8_t> bytes = std::span(values).first(registers * 2);
  if (Status status = encode(point.type, point.order, value, bytes); !status.ok()) return status;
  if (registers == 1) {
    request.question.function = Function::write_register;
    request.question.count = word_at(bytes, 0);
    put_head(request);
    put_word(request, request.question.count);
    return request;
  }
  request.question.function = Function::write_registers;
  request.question.count = static_cast<uint16_t>(registers);
  put_head(request);
  put_word(request, request.question.count);
  request.bytes[request.size++] = static_cast<uint8_t>(bytes.size());
  for (const uint8_t byte : bytes) request.bytes[request.size++] = byte;
  return request;
}

}  // namespace ferrule::modbus

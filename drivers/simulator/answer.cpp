#include "simulator/answer.h"

#include <array>

#include "drivers_common/wire_value.h"

namespace ferrule::simulator {

namespace {

enum class Refusal : uint8_t { none = 0, function = 1, address = 2, value = 3 };

using Pdu = std::span<const uint8_t>;
using Answer = std::vector<uint8_t>;

constexpr uint16_t kMaxReadBits = 2000;
constexpr uint16_t kMaxReadRegisters = 125;
constexpr uint16_t kMaxWriteBits = 1968;
constexpr uint16_t kMaxWriteRegisters = 123;

Refusal read_bits(const Registers& registers, Area area, Pdu request, Duration since, Answer& answer) {
  if (request.size() != 5) return Refusal::value;
  const uint16_t count = word_at(request, 3);
  if (count == 0 || count > kMaxReadBits) return Refusal::value;
  std::array<uint16_t, kMaxReadBits> bits{};
  if (!registers.read(area, word_at(request, 1), since, std::span(bits).first(count))) return Refusal::address;
  answer.push_back(static_cast<uint8_t>((count + 7) / 8));
  answer.resize(answer.size() + answer.back());
  for (size_t i = 0; i < count; ++i) {
    if (bits[i] != 0) answer[2 + i / 8] |= static_cast<uint8_t>(1u << (i % 8));
  }
  return Refusal::none;
}

Refusal read_registers(const Registers& registers, Area area, Pdu request, Duration since, Answer& answer) {
  if (request.size() != 5) return Refusal::value;
  const uint16_t count = word_at(request, 3);
  if (count == 0 || count > kMaxReadRegisters) return Refusal::value;
  std::array<uint16_t, kMaxReadRegisters> words{};
  if (!registers.read(area, word_at(request, 1), since, std::span(words).first(count))) return Refusal::address;
  answer.push_back(static_cast<uint8_t>(count * 2));
  for (size_t i = 0; i < count; ++i) {
    answer.push_back(static_cast<uint8_t>(words[i] >> 8));
    answer.push_back(static_cast<uint8_t>(words[i]));
  }
  return Refusal::none;
}

Refusal write_one(Registers& registers, Area area, Pdu request, Answer& answer) {
  if (request.size() != 5) return Refusal::value;
  uint16_t word = word_at(request, 3);
  if (area == Area::coil) {
    if (word != 0 && word != 0xff00) return Refusal::value;
    word = word == 0 ? 0 : 1;
  }
  if (!registers.write(area, word_at(request, 1), std::span(&word, 1))) return Refusal::address;
  answer.assign(request.begin(), request.end());
  return Refusal::none;
}

Refusal write_many(Registers& registers, Area area, Pdu request, Answer& answer) {
  if (request.size() < 6) return Refusal::value;
  const bool bits = area == Area::coil;
  const uint16_t count = word_at(request, 3);
  if (count == 0 || count > (bits ? kMaxWriteBits : kMaxWriteRegisters)) return Refusal::value;
  const size_t bytes = bits ? (count + 7u) / 8 : count * 2u;
  if (request[5] != bytes || request.size() != 6 + bytes) return Refusal::value;
  std::array<uint16_t, kMaxWriteBits> words{};
  for (size_t i = 0; i < count; ++i) words[i] = bits ? request[6 + i / 8] >> (i % 8) & 1 : word_at(request, 6 + 2 * i);
  if (!registers.write(area, word_at(request, 1), std::span(words).first(count))) return Refusal::address;
  answer.assign(request.begin(), request.begin() + 5);
  return Refusal::none;
}

// Mask write: the bits of the first mask stay, of the others those of the second are set.
Refusal write_mask(Registers& registers, Pdu request, Duration since, Answer& answer) {
  if (request.size() != 7) return Refusal::value;
  const uint16_t address = word_at(request, 1);
  uint16_t word = 0;
  if (!registers.read(Area::holding, address, since, std::span(&word, 1))) return Refusal::address;
  const uint16_t keep = word_at(request, 3);
  word = static_cast<uint16_t>((word & keep) | (word_at(request, 5) & static_cast<uint16_t>(~keep)));
  if (!registers.write(Area::holding, address, std::span(&word, 1))) return Refusal::address;
  answer.assign(request.begin(), request.end());
  return Refusal::none;
}

Refusal answered(Registers& registers, Pdu request, Duration since, Answer& answer) {
  switch (request[0]) {
    case 1: return read_bits(registers, Area::coil, request, since, answer);
    case 2: return read_bits(registers, Area::discrete, request, since, answer);
    case 3: return read_registers(registers, Area::holding, request, since, answer);
    case 4: return read_registers(registers, Area::input, request, since, answer);
    case 5: return write_one(registers, Area::coil, request, answer);
    case 6: return write_one(registers, Area::holding, request, answer);
    case 15: return write_many(registers, Area::coil, request, answer);
    case 16: return write_many(registers, Area::holding, request, answer);
    case 22: return write_mask(registers, request, since, answer);
    default: return Refusal::function;
  }
}

}  // namespace

void answer_request(Registers& registers, Pdu request, Duration since, Answer& answer) {
  answer.assign(1, request[0]);
  const Refusal refusal = answered(registers, request, since, answer);
  if (refusal == Refusal::none) return;
  answer.assign({static_cast<uint8_t>(request[0] | 0x80), static_cast<uint8_t>(refusal)});
}

}  // namespace ferrule::simulator

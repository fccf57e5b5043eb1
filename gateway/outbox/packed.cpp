#include "outbox/packed.h"

#include <algorithm>
#include <bit>

namespace ferrule::outbox {

namespace {

constexpr size_t kGroup = 32;
constexpr unsigned kWidestShifted = 56;  // 7 bits left over + 56 fit into 64

unsigned width_of(std::span<const uint64_t> group) {
  uint64_t all = 0;
  for (const uint64_t number : group) all |= number;
  const auto width = static_cast<unsigned>(std::bit_width(all));
  return width > kWidestShifted ? 64 : width;
}

void put_group(std::string& out, std::span<const uint64_t> group) {
  const unsigned width = width_of(group);
  out += static_cast<char>(width);
  if (width == 64) {
    for (const uint64_t number : group) put_fixed(out, number, 8);
    return;
  }
  uint64_t bits = 0;
  unsigned filled = 0;
  for (const uint64_t number : group) {
    bits |= number << filled;
    for (filled += width; filled >= 8; filled -= 8, bits >>= 8) out += static_cast<char>(bits);
  }
  if (filled > 0) out += static_cast<char>(bits);
}

bool read_group(ByteReader& in, size_t count, std::vector<uint64_t>& numbers) {
  const unsigned width = in.byte();
  if (!in.ok() || (width > kWidestShifted && width != 64)) return false;
  const std::string_view bytes = in.take((count * width + 7) / 8);
  if (!in.ok()) return false;
  ByteReader body(bytes);
  if (width == 64) {
    for (size_t i = 0; i < count; ++i) numbers.push_back(body.fixed(8));
    return true;
  }
  const uint64_t mask = (uint64_t{1} << width) - 1;
  uint64_t bits = 0;
  unsigned filled = 0;
  for (size_t i = 0; i < count; ++i) {
    for (; filled < width; filled += 8) bits |= static_cast<uint64_t>(body.byte()) << filled;
    numbers.push_back(bits & mask);
    bits >>= width;
    filled -= width;
  }
  return true;
}

}  // namespace

void put_packed(std::string& out, std::span<const uint64_t> numbers) {
  for (size_t at = 0; at < numbers.size(); at += kGroup) {
    put_group(out, numbers.subspan(at, std::min(kGroup, numbers.size() - at)));
  }
}

std::vector<uint64_t> read_packed(ByteReader& in, size_t count) {
  std::vector<uint64_t> numbers;
  if ((count + kGroup - 1) / kGroup > in.left()) return in.fail(), numbers;  // a group takes a byte at least
  numbers.reserve(count);
  for (size_t at = 0; at < count; at += kGroup) {
    if (!read_group(in, std::min(kGroup, count - at), numbers)) return in.fail(), std::vector<uint64_t>{};
  }
  return numbers;
}

void put_runs(std::string& out, std::span<const uint64_t> numbers) {
  for (size_t at = 0; at < numbers.size();) {
    size_t end = at + 1;
    while (end < numbers.size() && numbers[end] == numbers[at]) ++end;
    put_varint(out, numbers[at]);
    put_varint(out, end - at);
    at = end;
  }
}

std::vector<uint64_t> read_runs(ByteReader& in, size_t count) {
  std::vector<uint64_t> numbers;
  while (numbers.size() < count) {
    const uint64_t number = in.varint();
    const uint64_t run = in.count(count - numbers.size());
    if (!in.ok() || run == 0) return in.fail(), std::vector<uint64_t>{};
    numbers.insert(numbers.end(), run, number);
  }
  return numbers;
}

void put_deltas(std::string& out, std::span<const int64_t> numbers) {
  std::vector<uint64_t> codes;
  codes.reserve(numbers.size());
  uint64_t before = 0;
  for (const int64_t number : numbers) {
    codes.push_back(zigzag(static_cast<int64_t>(static_cast<uint64_t>(number) - before)));
    before = static_cast<uint64_t>(number);
  }
  if (codes.empty()) return;
  put_varint(out, codes.front());  // apart, so that an absolute value does not widen its group
  put_packed(out, std::span(codes).subspan(1));
}

std::vector<int64_t> read_deltas(ByteReader& in, size_t count) {
  std::vector<int64_t> numbers;
  if (count == 0) return numbers;
  auto number = static_cast<uint64_t>(in.signed_varint());
  const std::vector<uint64_t> codes = read_packed(in, count - 1);
  if (!in.ok()) return numbers;
  numbers.reserve(count);
  numbers.push_back(static_cast<int64_t>(number));
  for (const uint64_t code : codes) {
    number += static_cast<uint64_t>(unzigzag(code));
    numbers.push_back(static_cast<int64_t>(number));
  }
  return numbers;
}

}  // namespace ferrule::outbox

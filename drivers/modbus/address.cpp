#include "modbus/address.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "core/nearest.h"

namespace ferrule::modbus {

namespace {

constexpr std::array<std::string_view, 4> kAreaWords{"coil", "discrete", "input", "holding"};
constexpr std::array<char, 4> kAreaDigits{'0', '1', '3', '4'};

Status complaint(std::string_view text, const std::string& why) {
  return {Fault::invalid, "address '" + std::string(text) + "': " + why};
}

std::optional<uint32_t> digits(std::string_view text) {
  uint32_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

bool all_digits(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

Result<Address> parse_manual(std::string_view text, std::string_view number) {
  if (number.size() != 5 && number.size() != 6) {
    return complaint(text, "write area:offset (holding:100), or the manual's 5 or 6 digits (40101, 400101)");
  }
  const auto* area = std::ranges::find(kAreaDigits, number.front());
  if (area == kAreaDigits.end()) return complaint(text, "the first digit says the area: 0 coil, 1 discrete, 3 input, 4 holding");
  const uint32_t counted = digits(number.substr(1)).value_or(0);
  if (counted == 0) return complaint(text, "manuals count from 1: the first register is " + std::string(1, *area) + "0001");
  if (counted > kAddressSpace) return complaint(text, "beyond the last, " + std::string(1, *area) + "65536");
  return Address{static_cast<Area>(area - kAreaDigits.begin()), static_cast<uint16_t>(counted - 1), std::nullopt};
}

Result<Address> parse_area(std::string_view text, std::string_view word, std::string_view number) {
  const auto* area = std::ranges::find(kAreaWords, word);
  if (area == kAreaWords.end()) {
    return complaint(text, "no area '" + std::string(word) + "'" + did_you_mean(word, kAreaWords) +
                               " Areas are coil, discrete, input and holding");
  }
  const auto offset = digits(number);
  if (!offset || *offset >= kAddressSpace) return complaint(text, "the offset is a number from 0 to 65535");
  return Address{static_cast<Area>(area - kAreaWords.begin()), static_cast<uint16_t>(*offset), std::nullopt};
}

}  // namespace

std::string_view to_text(Area area) { return kAreaWords[static_cast<size_t>(area)]; }

std::string to_text(const Address& address) {
  std::string text = std::string(to_text(address.area)) + ":" + std::to_string(address.offset);
  if (address.bit) text += "." + std::to_string(*address.bit);
  return text;
}

Result<Address> parse_address(std::string_view text) {
  const size_t dot = text.find('.');
  const std::string_view place = text.substr(0, dot);
  const size_t colon = place.find(':');
  auto address = colon == std::string_view::npos && all_digits(place)
                     ? parse_manual(text, place)
                     : parse_area(text, place.substr(0, colon), colon == std::string_view::npos ? "" : place.substr(colon + 1));
  if (!address.ok() || dot == std::string_view::npos) return address;
  if (holds_bits(address->area)) return complaint(text, "a coil or discrete input is one bit already: leave out the '.'");
  const auto bit = digits(text.substr(dot + 1));
  if (!bit || *bit > 15) return complaint(text, "the bit of a register is a number from 0 to 15");
  address->bit = static_cast<uint8_t>(*bit);
  return address;
}

Status check_address(std::string_view text) { return parse_address(text).status(); }

std::string in_notation_of(std::string_view text, const Address& address) {
  if (text.find(':') != std::string_view::npos) return to_text(address);
  std::string counted = std::to_string(address.offset + 1);
  const size_t width = std::max(text.find('.') == std::string_view::npos ? text.size() : text.find('.'), counted.size() + 1) - 1;
  counted.insert(0, width - counted.size(), '0');
  counted.insert(0, 1, kAreaDigits[static_cast<size_t>(address.area)]);
  if (address.bit) counted += "." + std::to_string(*address.bit);
  return counted;
}

}  // namespace ferrule::modbus

#include "modbus/address.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "core/nearest.h"

namespace ferrule::modbus {

namespace {

constexpr std::array<std::string_view, 4> kAreaWords{"coil", "discrete", "input", "holding"};
constexpr std::array<char, 4> kAreaDigits{'0', '1', '3', '4'};
constexpr std::string_view kSunSpec = "sunspec";
constexpr uint32_t kMostModel = 65534;  // 65535 ends the chain of models
constexpr uint32_t kMostBitsOfAValue = 64;

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
  return Address{.area = static_cast<Area>(area - kAreaDigits.begin()), .offset = static_cast<uint16_t>(counted - 1), .bit = {}};
}

// "103/14", "101-103/14"
Result<Address> parse_sunspec(std::string_view text, std::string_view rest) {
  const size_t slash = rest.find('/');
  const size_t dash = rest.substr(0, slash).find('-');
  const auto first = digits(rest.substr(0, std::min(dash, slash)));
  const auto last = dash == std::string_view::npos ? first : digits(rest.substr(dash + 1, slash - dash - 1));
  const uint32_t word = slash == std::string_view::npos ? kAddressSpace : digits(rest.substr(slash + 1)).value_or(kAddressSpace);
  if (!first || !last || *first < 1 || *last > kMostModel || *first > *last || word >= kAddressSpace) {
    return complaint(text, "write sunspec:MODEL/WORD, such as sunspec:103/14, or sunspec:101-103/14 for any of three models");
  }
  const ModelRange models{static_cast<uint16_t>(*first), static_cast<uint16_t>(*last)};
  return Address{.area = Area::holding, .offset = static_cast<uint16_t>(word), .bit = {}, .models = models};
}

Result<Address> parse_area(std::string_view text, std::string_view word, std::string_view number) {
  const auto* area = std::ranges::find(kAreaWords, word);
  if (area == kAreaWords.end()) {
    return complaint(text, "no area '" + std::string(word) + "'" + did_you_mean(word, kAreaWords) +
                               " Areas are coil, discrete, input and holding (and sunspec)");
  }
  const auto offset = digits(number);
  if (!offset || *offset >= kAddressSpace) return complaint(text, "the offset is a number from 0 to 65535");
  return Address{.area = static_cast<Area>(area - kAreaWords.begin()), .offset = static_cast<uint16_t>(*offset), .bit = {}};
}

// "3" or "4-7"
Status parse_bits(std::string_view text, std::string_view numbers, Address& address) {
  const size_t dash = numbers.find('-');
  const auto first = digits(numbers.substr(0, dash));
  const auto last = dash == std::string_view::npos ? first : digits(numbers.substr(dash + 1));
  if (dash == std::string_view::npos && (!first || *first > 15)) {
    return complaint(text, "the bit of a register is a number from 0 to 15");
  }
  if (!first || !last || *first > *last || *last >= kMostBitsOfAValue) {
    return complaint(text, "bits are written from the lower to the higher: .4-7, at most .0-63");
  }
  address.bit = static_cast<uint8_t>(*first);
  address.bits = static_cast<uint8_t>(*last - *first + 1);
  return {};
}

// ".3", ".4-7" or nothing
std::string bits_text(const Address& address) {
  if (!address.bit) return {};
  const std::string first = "." + std::to_string(*address.bit);
  return address.bits == 1 ? first : first + "-" + std::to_string(*address.bit + address.bits - 1);
}

}  // namespace

std::string_view to_text(Area area) { return kAreaWords[static_cast<size_t>(area)]; }

std::string to_text(const Address& address) {
  std::string text = std::string(address.models ? kSunSpec : to_text(address.area)) + ":";
  if (address.models) text += to_text(*address.models) + "/";
  return text + std::to_string(address.offset) + bits_text(address);
}

std::string to_text(const ModelRange& models) {
  const std::string first = std::to_string(models.first);
  return models.last == models.first ? first : first + "-" + std::to_string(models.last);
}

Result<Address> parse_address(std::string_view text) {
  const size_t dot = text.find('.');
  const std::string_view place = text.substr(0, dot);
  const size_t colon = place.find(':');
  const std::string_view word = place.substr(0, colon);
  const std::string_view rest = colon == std::string_view::npos ? "" : place.substr(colon + 1);
  auto address = colon == std::string_view::npos && all_digits(place) ? parse_manual(text, place)
                 : word == kSunSpec                                   ? parse_sunspec(text, rest)
                                                                      : parse_area(text, word, rest);
  if (!address.ok() || dot == std::string_view::npos) return address;
  if (holds_bits(address->area)) return complaint(text, "a coil or discrete input is one bit already: leave out the '.'");
  if (Status status = parse_bits(text, text.substr(dot + 1), *address); !status.ok()) return status;
  return address;
}

Status check_address(std::string_view text) { return parse_address(text).status(); }

std::string in_notation_of(std::string_view text, const Address& address) {
  if (text.find(':') != std::string_view::npos) return to_text(address);
  std::string counted = std::to_string(address.offset + 1);
  const size_t width = std::max(text.find('.') == std::string_view::npos ? text.size() : text.find('.'), counted.size() + 1) - 1;
  counted.insert(0, width - counted.size(), '0');
  counted.insert(0, 1, kAreaDigits[static_cast<size_t>(address.area)]);
  return counted + bits_text(address);
}

}  // namespace ferrule::modbus

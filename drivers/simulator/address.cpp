#include "simulator/address.h"

#include <array>
#include <charconv>
#include <optional>
#include <string>

#include "core/nearest.h"

namespace ferrule::simulator {

namespace {

constexpr std::array<std::string_view, 4> kAreaWords{"coil", "discrete", "input", "holding"};

std::optional<int> whole_number(std::string_view text, int most) {
  int number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || number < 0 || number > most) return std::nullopt;
  return number;
}

}  // namespace

Result<Address> parse_address(std::string_view text) {
  const size_t colon = text.find(':');
  const std::string_view word = text.substr(0, colon);
  const auto offset = colon == std::string_view::npos ? std::nullopt : whole_number(text.substr(colon + 1), 65535);
  for (size_t area = 0; area < kAreaWords.size(); ++area) {
    if (kAreaWords[area] == word && offset) return Address{static_cast<Area>(area), static_cast<uint16_t>(*offset)};
  }
  return Status(Fault::invalid, "'" + std::string(text) +
                                    "' is not an address like holding:100 (coil, discrete, input or holding, 0 to 65535)" +
                                    did_you_mean(word, kAreaWords));
}

Result<UnitRange> parse_unit_range(std::string_view text) {
  const size_t dash = text.find('-');
  const auto first = whole_number(text.substr(0, dash), 255);
  const auto last = dash == std::string_view::npos ? first : whole_number(text.substr(dash + 1), 255);
  if (first && last && *first <= *last) return UnitRange{*first, *last};
  return Status(Fault::invalid, "'" + std::string(text) + "' is not a unit id from 0 to 255 or a range like 1-8");
}

Result<AddressRange> parse_address_range(std::string_view text) {
  const size_t dash = text.find('-');
  const auto first = parse_address(text.substr(0, dash));
  if (!first) return first.status();
  const auto last =
      dash == std::string_view::npos ? std::optional<int>(first->offset) : whole_number(text.substr(dash + 1), 65535);
  if (last && *last >= first->offset) return AddressRange{first->area, first->offset, static_cast<uint32_t>(*last)};
  return Status(Fault::invalid, "'" + std::string(text) + "' is no range of addresses like holding:100-120");
}

Status check_address_range(std::string_view text) { return parse_address_range(text).status(); }

Status check_address(std::string_view text) { return parse_address(text).status(); }

Status check_unit_range(std::string_view text) { return parse_unit_range(text).status(); }

}  // namespace ferrule::simulator

#include "modbus/stretch.h"

#include <algorithm>
#include <array>
#include <charconv>

namespace ferrule::modbus {

namespace {

constexpr std::array kKnown{1, 2, 3, 4, 5, 6, 15, 16, 22};

template <class Number>
std::optional<Number> number_of(std::string_view text) {
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

}  // namespace

Result<Stretch> parse_stretch(std::string_view text) {
  const size_t dash = text.find('-');
  const auto first = parse_address(text.substr(0, dash));
  if (!first.ok()) return first.status();
  const auto last = dash == std::string_view::npos ? first->offset : number_of<uint16_t>(text.substr(dash + 1));
  if (first->bit || first->models || !last || *last < first->offset) {
    return Status(Fault::invalid, "'" + std::string(text) + "' is no range of registers: write holding:100-110, or input:7");
  }
  return Stretch{first->area, first->offset, *last};
}

std::string to_text(const Stretch& stretch) {
  const std::string first = std::string(to_text(stretch.area)) + ":" + std::to_string(stretch.first);
  return stretch.first == stretch.last ? first : first + "-" + std::to_string(stretch.last);
}

Status check_stretch(std::string_view text) { return parse_stretch(text).status(); }

Status check_function(std::string_view text) {
  const auto number = number_of<int>(text);
  if (number && std::ranges::find(kKnown, *number) != kKnown.end()) return {};
  return {Fault::invalid, "'" + std::string(text) + "' is no function that is used here: 1, 2, 3, 4, 5, 6, 15, 16 or 22"};
}

std::vector<Stretch> never_read(const Fields& device) {
  std::vector<Stretch> stretches;
  for (const std::string& text : device.texts("never_read")) {
    if (const auto stretch = parse_stretch(text); stretch.ok()) stretches.push_back(*stretch);
  }
  return stretches;
}

FunctionSet functions_of(const Fields& device) {
  FunctionSet functions;
  if (!device.has("functions")) return functions.set();
  for (const std::string& text : device.texts("functions")) {
    if (const auto number = number_of<size_t>(text); number && *number < functions.size()) functions.set(*number);
  }
  return functions;
}

}  // namespace ferrule::modbus

#include "rules/functions.h"

#include <array>

#include "core/nearest.h"

namespace ferrule {

namespace {

using Takes = Function::Takes;

constexpr std::array<Function, 7> kFunctions{
    {{"avg", Op::window, Takes::tag_and_window, WindowKind::average, "avg(meter.power, 15min)"},
     {"min", Op::window, Takes::tag_and_window, WindowKind::least, "min(meter.power, 15min)"},
     {"max", Op::window, Takes::tag_and_window, WindowKind::most, "max(meter.power, 15min)"},
     {"rate", Op::window, Takes::tag_and_window, WindowKind::rate, "rate(tank.level, 10s)"},
     {"changed", Op::changed, Takes::tag, WindowKind::average, "changed(valve.open)"},
     {"abs", Op::absolute, Takes::number, WindowKind::average, "abs(a.x - b.x)"},
     {"round", Op::round, Takes::number_and_decimals, WindowKind::average, "round(meter.power, 2)"}}};

}  // namespace

std::span<const Function> functions() { return kFunctions; }

const Function* find_function(std::string_view name) {
  for (const Function& known : kFunctions) {
    if (known.name == name) return &known;
  }
  return nullptr;
}

std::string nearest_function(std::string_view name) {
  std::array<std::string_view, kFunctions.size()> known;
  for (size_t i = 0; i < known.size(); ++i) known[i] = kFunctions[i].name;
  return did_you_mean(name, known);
}

}  // namespace ferrule

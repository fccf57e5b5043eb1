// The functions of the rule language.
#pragma once

#include <span>
#include <string_view>

#include "rules/syntax.h"

namespace ferrule {

struct Function {
  // What stands in the parentheses.
  enum class Takes : uint8_t { tag_and_window, tag, number, number_and_decimals };

  std::string_view name;
  Op op = Op::window;
  Takes takes = Takes::tag_and_window;
  WindowKind window = WindowKind::average;
  std::string_view example;
};

std::span<const Function> functions();
const Function* find_function(std::string_view name);
std::string nearest_function(std::string_view name);  // ", did you mean 'avg'?", or nothing

}  // namespace ferrule

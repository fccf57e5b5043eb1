// What an expression is made of: the tree that the parser makes, the checker types and the compiler turns into a program.
//
// The tree is kept flat, children before parents (postfix order), so that checking and compiling are loops and no depth of
// nesting can overflow the stack.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.h"
#include "core/value.h"
#include "rules/rules.h"

namespace ferrule {

enum class Op : uint8_t {
  constant,
  tag,
  window,
  changed,
  negate,
  logical_not,
  add,
  subtract,
  multiply,
  divide,
  modulo,
  equal,
  not_equal,
  less,
  less_equal,
  greater,
  greater_equal,
  logical_and,
  logical_or,
  absolute,
  round,     // to a whole number
  round_to,  // to a number of decimals, the second operand
};

enum class WindowKind : uint8_t { average, least, most, rate };

struct Node {
  Op op = Op::constant;
  uint32_t at = 0;                        // where it stands: characters from the start of the expression
  ValueClass type = ValueClass::unknown;  // of its result; the checker fills it in
  Value constant;                         // of a constant: float64, boolean or text
  std::string tag;                        // of tag, window and changed: "boiler.temperature"
  WindowKind window = WindowKind::average;
  Duration span{0};  // of a window
};

struct Problem {
  uint32_t at = 0;
  std::string what;
};

struct Tree {
  std::vector<Node> nodes;  // the last one is the root
  Duration holding{0};      // `for 10s`; 0: none
  uint32_t holding_at = 0;
};

// How many operands the node takes off the stack: 0, 1 or 2.
constexpr int operand_count(Op op) {
  switch (op) {
    case Op::constant:
    case Op::tag:
    case Op::window:
    case Op::changed: return 0;
    case Op::negate:
    case Op::logical_not:
    case Op::absolute:
    case Op::round: return 1;
    default: return 2;
  }
}

std::string_view symbol(Op op);  // of an operator, as it is written

// Nothing when `text` is not an expression; then `problem` says why. Bounded by kMostCharacters and kMostNesting.
std::optional<Tree> parse(std::string_view text, Problem& problem);

}  // namespace ferrule

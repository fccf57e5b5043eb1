// An expression ready to run: a flat list of instructions for a stack of cells.
#pragma once

#include <optional>
#include <vector>

#include "core/names.h"
#include "rules/inputs.h"
#include "rules/syntax.h"

namespace ferrule {

struct Instruction {
  Op op = Op::constant;
  uint32_t operand = 0;  // of constant: its index; of tag and changed: the slot; of window: its index
};

struct Program {
  std::vector<Instruction> code;
  std::vector<Value> constants;
  size_t deepest = 0;           // cells needed
  std::vector<uint32_t> slots;  // of the tags that it reads, in order of appearance, each once
  Duration holding{0};
};

// Nothing when a tag has no name in `names`.
std::optional<Program> compile(const Tree& tree, const Names& names, Inputs& inputs);

// One value while an expression runs.
struct Cell {
  ValueClass type = ValueClass::unknown;
  union {
    double number = 0;
    bool truth;
    const Value* text;  // of a constant or of a tag's latest sample
  };
};

struct Evaluation {
  Quality quality = Quality::good;
  Reason reason = Reason::none;
  Cell result;  // unless bad

  Value value() const;                // none when bad
  std::optional<bool> truth() const;  // nothing when bad or no boolean
};

// Runs a program at a moment. `stack` has room for program.deepest cells. Allocates nothing.
Evaluation evaluate(const Program& program, Inputs& inputs, MonoTime at, Cell* stack);

}  // namespace ferrule

#include <algorithm>

#include "rules/program.h"

namespace ferrule {

namespace {

class Compiler {
 public:
  Compiler(const Names& names, Inputs& inputs) : names_(names), inputs_(inputs) {}

  std::optional<Program> run(const Tree& tree) {
    size_t depth = 0;
    for (const Node& node : tree.nodes) {
      const auto operand = operand_of(node);
      if (!operand) return std::nullopt;
      program_.code.push_back({node.op, *operand});
      depth += 1 - static_cast<size_t>(operand_count(node.op));
      program_.deepest = std::max(program_.deepest, depth);
    }
    program_.holding = tree.holding;
    return std::move(program_);
  }

 private:
  std::optional<uint32_t> operand_of(const Node& node) {
    if (node.op == Op::constant) {
      program_.constants.push_back(node.constant);
      return static_cast<uint32_t>(program_.constants.size() - 1);
    }
    if (node.op != Op::tag && node.op != Op::changed && node.op != Op::window) return 0;
    const auto tag = names_.find_tag(node.tag);
    if (!tag) return std::nullopt;
    const uint32_t slot = inputs_.slot(*tag);
    if (std::find(program_.slots.begin(), program_.slots.end(), slot) == program_.slots.end()) program_.slots.push_back(slot);
    return node.op == Op::window ? inputs_.window(slot, node.window, node.span) : slot;
  }

  const Names& names_;
  Inputs& inputs_;
  Program program_;
};

}  // namespace

std::optional<Program> compile(const Tree& tree, const Names& names, Inputs& inputs) { return Compiler(names, inputs).run(tree); }

}  // namespace ferrule

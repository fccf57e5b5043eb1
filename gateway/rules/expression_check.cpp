#include "rules/expression_check.h"

namespace ferrule {

namespace {

class Checker {
 public:
  Checker(const TagLookup& lookup, std::vector<Problem>& problems) : lookup_(lookup), problems_(problems) {}

  ValueClass run(Tree& tree) {
    for (Node& node : tree.nodes) {
      node.type = type_of(node);
      stack_.push_back(node.type);
    }
    return stack_.empty() ? ValueClass::unknown : stack_.back();
  }

 private:
  ValueClass pop() {
    const ValueClass top = stack_.back();
    stack_.pop_back();
    return top;
  }

  void complain(const Node& node, std::string what) { problems_.push_back({node.at, std::move(what)}); }

  // Unknown fits everything: either configuration cannot tell, or the mistake has been reported already.
  void want(const Node& node, ValueClass wanted, ValueClass found) {
    if (found == wanted || found == ValueClass::unknown) return;
    complain(node, "'" + std::string(symbol(node.op)) + "' needs " + std::string(describe(wanted)) + ", not " +
                       std::string(describe(found)));
  }

  ValueClass all(const Node& node, ValueClass wanted, ValueClass result) {
    for (int i = operand_count(node.op); i > 0; --i) want(node, wanted, pop());
    return result;
  }

  ValueClass same(const Node& node) {
    const ValueClass right = pop();
    const ValueClass left = pop();
    if (left != right && left != ValueClass::unknown && right != ValueClass::unknown)
      complain(node, "'" + std::string(symbol(node.op)) + "' compares " + std::string(describe(left)) + " with " +
                         std::string(describe(right)));
    return ValueClass::boolean;
  }

  ValueClass tag(const Node& node) {
    std::string complaint;
    const auto kind = lookup_(node.tag, complaint);
    if (!kind) complain(node, std::move(complaint));
    return kind.value_or(ValueClass::unknown);
  }

  ValueClass window(const Node& node) {
    const ValueClass kind = tag(node);
    if (kind == ValueClass::boolean || kind == ValueClass::text)
      complain(node, "a window needs a tag that is a number; '" + node.tag + "' is " + std::string(describe(kind)));
    return ValueClass::number;
  }

  ValueClass type_of(const Node& node) {
    switch (node.op) {
      case Op::constant: return constant(node.constant);
      case Op::tag: return tag(node);
      case Op::window: return window(node);
      case Op::changed: tag(node); return ValueClass::boolean;
      case Op::logical_not:
      case Op::logical_and:
      case Op::logical_or: return all(node, ValueClass::boolean, ValueClass::boolean);
      case Op::equal:
      case Op::not_equal: return same(node);
      case Op::less:
      case Op::less_equal:
      case Op::greater:
      case Op::greater_equal: return all(node, ValueClass::number, ValueClass::boolean);
      default: return all(node, ValueClass::number, ValueClass::number);
    }
  }

  static ValueClass constant(const Value& value) {
    if (value.is_text()) return ValueClass::text;
    return value.kind() == Value::Kind::boolean ? ValueClass::boolean : ValueClass::number;
  }

  const TagLookup& lookup_;
  std::vector<Problem>& problems_;
  std::vector<ValueClass> stack_;
};

}  // namespace

ValueClass check_expression(Tree& tree, const TagLookup& lookup, std::vector<Problem>& problems) {
  return Checker(lookup, problems).run(tree);
}

std::string_view describe(ValueClass type) {
  switch (type) {
    case ValueClass::number: return "a number";
    case ValueClass::boolean: return "a boolean";
    case ValueClass::text: return "text";
    case ValueClass::unknown: return "a value";
  }
  return "a value";
}

}  // namespace ferrule

// A Pratt parser: each operator has a binding power; an operand takes what binds tighter than the operator before it.
#include <array>

#include "rules/functions.h"
#include "rules/lexer.h"
#include "rules/limits.h"
#include "rules/syntax.h"

namespace ferrule {

namespace {

// How tightly an operator holds its operands.
enum Power : int { kAnything = 0, kOr, kAnd, kNot, kCompare, kSum, kProduct, kSign };

struct Binary {
  TokenKind token;
  Power power;
  Op op;
};

constexpr std::array<Binary, 13> kBinary{{{TokenKind::kw_or, kOr, Op::logical_or},
                                          {TokenKind::kw_and, kAnd, Op::logical_and},
                                          {TokenKind::equal, kCompare, Op::equal},
                                          {TokenKind::not_equal, kCompare, Op::not_equal},
                                          {TokenKind::less, kCompare, Op::less},
                                          {TokenKind::less_equal, kCompare, Op::less_equal},
                                          {TokenKind::greater, kCompare, Op::greater},
                                          {TokenKind::greater_equal, kCompare, Op::greater_equal},
                                          {TokenKind::plus, kSum, Op::add},
                                          {TokenKind::minus, kSum, Op::subtract},
                                          {TokenKind::star, kProduct, Op::multiply},
                                          {TokenKind::slash, kProduct, Op::divide},
                                          {TokenKind::percent, kProduct, Op::modulo}}};

const Binary* binary(TokenKind token) {
  for (const Binary& known : kBinary) {
    if (known.token == token) return &known;
  }
  return nullptr;
}

class Parser {
 public:
  Parser(std::string_view text, Problem& problem) : lexer_(text), problem_(problem) { advance(); }

  bool run(Tree& tree) {
    if (!expression(kAnything) || !holding(tree)) return false;
    if (token_.kind != TokenKind::end) return unexpected("an operator or the end");
    tree.nodes = std::move(nodes_);
    return true;
  }

 private:
  void advance() { token_ = lexer_.next(); }

  bool fail(uint32_t at, std::string what) {
    problem_ = {at, std::move(what)};
    return false;
  }

  bool unexpected(std::string_view wanted) {
    if (token_.kind == TokenKind::wrong) return fail(lexer_.problem().at, lexer_.problem().what);
    return fail(token_.at, "expected " + std::string(wanted) + ", found " + describe(token_));
  }

  bool take(TokenKind kind, std::string_view wanted) {
    if (token_.kind != kind) return unexpected(wanted);
    advance();
    return true;
  }

  Node& add(Op op, uint32_t at) {
    nodes_.emplace_back();
    nodes_.back().op = op;
    nodes_.back().at = at;
    return nodes_.back();
  }

  bool constant(Value value) {
    add(Op::constant, token_.at).constant = std::move(value);
    advance();
    return true;
  }

  bool expression(Power least) {
    if (!operand()) return false;
    bool compared = false;
    while (const Binary* operation = binary(token_.kind)) {
      if (operation->power <= least) break;
      if (operation->power == kCompare && compared) return fail(token_.at, "comparisons do not chain; write 'a < b and b < c'");
      compared = operation->power == kCompare;
      const uint32_t at = token_.at;
      advance();
      if (!expression(operation->power)) return false;
      add(operation->op, at);
    }
    return true;
  }

  // Everything that nests comes through here, so that the depth is bounded in one place.
  bool operand() {
    if (depth_ == kMostNesting) return fail(token_.at, "nested more than " + std::to_string(kMostNesting) + " deep");
    ++depth_;
    const bool fine = simple_operand();
    --depth_;
    return fine;
  }

  bool simple_operand() {
    switch (token_.kind) {
      case TokenKind::number: return constant(token_.number);
      case TokenKind::text: return constant(Value::text(token_.text));
      case TokenKind::kw_true: return constant(true);
      case TokenKind::kw_false: return constant(false);
      case TokenKind::name: add(Op::tag, token_.at).tag = token_.source; return advance(), true;
      case TokenKind::word: return word();
      case TokenKind::minus: return prefix(Op::negate, kSign);
      case TokenKind::kw_not: return prefix(Op::logical_not, kNot);
      case TokenKind::open: advance(); return expression(kAnything) && take(TokenKind::close, "')'");
      case TokenKind::duration: return fail(token_.at, "a duration may stand only after 'for' and as the window of a function");
      default: return unexpected("a tag, a number, text, true, false or '('");
    }
  }

  bool prefix(Op op, Power power) {
    const uint32_t at = token_.at;
    advance();
    if (!expression(power)) return false;
    add(op, at);
    return true;
  }

  bool word() {
    const Token name = token_;
    const std::string quoted = describe(name);
    advance();
    const Function* function = find_function(name.source);
    if (token_.kind != TokenKind::open) {
      if (function != nullptr) return fail(name.at, "a function needs its arguments: " + std::string(function->example));
      return fail(name.at, "unknown word " + quoted + "; a tag is written device.tag");
    }
    if (function == nullptr) return fail(name.at, "unknown function " + quoted + nearest_function(name.source));
    advance();
    return arguments(*function, name.at) && close(*function);
  }

  bool close(const Function& function) { return take(TokenKind::close, "')', as in " + std::string(function.example)); }

  bool arguments(const Function& function, uint32_t at) {
    if (function.takes == Function::Takes::tag || function.takes == Function::Takes::tag_and_window) return history(function, at);
    if (!expression(kAnything)) return false;
    Op op = function.op;
    if (function.takes == Function::Takes::number_and_decimals && token_.kind == TokenKind::comma) {
      advance();
      if (!expression(kAnything)) return false;
      op = Op::round_to;
    }
    add(op, at);
    return true;
  }

  // Functions that remember samples take the tag itself, not a value.
  bool history(const Function& function, uint32_t at) {
    const std::string example(function.example);
    if (token_.kind != TokenKind::name) return unexpected("a tag, as in " + example);
    Node& node = add(function.op, at);
    node.tag = token_.source;
    node.window = function.window;
    advance();
    if (function.takes == Function::Takes::tag) return true;
    if (!take(TokenKind::comma, "a window, as in " + example)) return false;
    if (token_.kind != TokenKind::duration) return unexpected("a window, as in " + example);
    if (token_.duration < kShortestWindow || token_.duration > kLongestWindow)
      return fail(token_.at, "a window is 1s to 24h long");
    node.span = token_.duration;
    advance();
    return true;
  }

  bool holding(Tree& tree) {
    if (token_.kind != TokenKind::kw_for) return true;
    tree.holding_at = token_.at;
    advance();
    if (token_.kind != TokenKind::duration) return unexpected("a duration after 'for', as in 'for 10s'");
    if (token_.duration.count() <= 0 || token_.duration > kLongestHolding)
      return fail(token_.at, "a holding time is longer than 0s and at most 30d");
    tree.holding = token_.duration;
    advance();
    if (token_.kind == TokenKind::end) return true;
    return token_.kind == TokenKind::wrong ? unexpected("") : fail(token_.at, "'for' stands at the end of the whole condition");
  }

  Lexer lexer_;
  Token token_;
  Problem& problem_;
  std::vector<Node> nodes_;
  int depth_ = 0;
};

}  // namespace

std::string_view symbol(Op op) {
  switch (op) {
    case Op::negate:
    case Op::subtract: return "-";
    case Op::logical_not: return "not";
    case Op::add: return "+";
    case Op::multiply: return "*";
    case Op::divide: return "/";
    case Op::modulo: return "%";
    case Op::equal: return "==";
    case Op::not_equal: return "!=";
    case Op::less: return "<";
    case Op::less_equal: return "<=";
    case Op::greater: return ">";
    case Op::greater_equal: return ">=";
    case Op::logical_and: return "and";
    case Op::logical_or: return "or";
    case Op::absolute: return "abs";
    case Op::round:
    case Op::round_to: return "round";
    default: return "";
  }
}

std::optional<Tree> parse(std::string_view text, Problem& problem) {
  if (text.size() > kMostCharacters) {
    problem = {0, "longer than " + std::to_string(kMostCharacters) + " characters"};
    return std::nullopt;
  }
  Tree tree;
  Parser parser(text, problem);
  if (!parser.run(tree)) return std::nullopt;
  return tree;
}

}  // namespace ferrule

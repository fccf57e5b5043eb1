#include <cmath>

#include "rules/program.h"

namespace ferrule {

namespace {

Cell number_cell(double number) {
  Cell cell;
  cell.type = ValueClass::number;
  cell.number = number;
  return cell;
}

Cell truth_cell(bool truth) {
  Cell cell;
  cell.type = ValueClass::boolean;
  cell.truth = truth;
  return cell;
}

Cell text_cell(const Value& text) {
  Cell cell;
  cell.type = ValueClass::text;
  cell.text = &text;
  return cell;
}

// False where the value can take no part in an expression.
bool load(const Value& value, Cell& cell) {
  switch (value.kind()) {
    case Value::Kind::none:
    case Value::Kind::bytes: return false;
    case Value::Kind::boolean: cell = truth_cell(value.as_bool()); return true;
    case Value::Kind::text: cell = text_cell(value); return true;
    default: cell = number_cell(*value.number()); return std::isfinite(cell.number);
  }
}

// Halves go away from zero. A number too large to have such decimals stays as it is.
bool round_to(double number, double decimals, Cell& cell) {
  constexpr double kMost = 15;
  if (decimals < 0 || decimals > kMost || decimals != std::floor(decimals)) return false;
  const double scale = std::pow(10.0, decimals);
  const double scaled = number * scale;
  constexpr double kWhole = 9007199254740992.0;  // 2^53: from here on every double is whole
  cell = number_cell(std::abs(scaled) < kWhole ? std::round(scaled) / scale : number);
  return true;
}

bool equal(const Cell& left, const Cell& right) {
  switch (left.type) {
    case ValueClass::number: return left.number == right.number;
    case ValueClass::boolean: return left.truth == right.truth;
    default: return left.text->as_text() == right.text->as_text();
  }
}

class Machine {
 public:
  Machine(const Program& program, Inputs& inputs, MonoTime at, Cell* stack)
      : program_(program), inputs_(inputs), at_(at), top_(stack) {}

  Evaluation run() {
    Evaluation result;
    for (const Instruction& instruction : program_.code) {
      if (!step(instruction)) {
        result.quality = Quality::bad;
        result.reason = Reason::rule_failed;
        return result;
      }
    }
    if (doubtful_) result.quality = Quality::uncertain;
    result.reason = doubt_;
    result.result = top_[-1];
    return result;
  }

 private:
  bool step(const Instruction& instruction) {
    switch (operand_count(instruction.op)) {
      case 0: return source(instruction);
      case 1: return unary(instruction.op, top_[-1]);
      default: --top_; return binary(instruction.op, top_[-1], top_[0]);
    }
  }

  bool source(const Instruction& instruction) {
    Cell& cell = *top_++;
    switch (instruction.op) {
      case Op::constant: return load(program_.constants[instruction.operand], cell);
      case Op::window: return window(inputs_.windowed(instruction.operand), cell);
      default: break;
    }
    const Sample& sample = inputs_.tag(instruction.operand).latest;
    if (sample.quality == Quality::bad) return false;
    note(sample);
    if (instruction.op == Op::tag) return load(sample.value, cell);
    cell = truth_cell(inputs_.changed(instruction.operand));
    return true;
  }

  bool window(Inputs::Windowed& windowed, Cell& cell) {
    const auto value = windowed.window.value(at_);
    if (!value || !std::isfinite(*value)) return false;
    const Sample& latest = inputs_.tag(windowed.slot).latest;
    const auto doubt = latest.quality == Quality::bad ? std::optional(latest.reason) : windowed.window.doubt(at_);
    if (doubt) note_doubt(*doubt);
    cell = number_cell(*value);
    return true;
  }

  void note(const Sample& sample) {
    if (sample.quality == Quality::uncertain) note_doubt(sample.reason);
  }

  void note_doubt(Reason reason) {
    if (!doubtful_) doubt_ = reason;
    doubtful_ = true;
  }

  static bool unary(Op op, Cell& cell) {
    if (op == Op::logical_not) {
      if (cell.type != ValueClass::boolean) return false;
      cell.truth = !cell.truth;
      return true;
    }
    if (cell.type != ValueClass::number) return false;
    switch (op) {
      case Op::negate: cell.number = -cell.number; return true;
      case Op::absolute: cell.number = std::abs(cell.number); return true;
      default: cell.number = std::round(cell.number); return true;
    }
  }

  static bool binary(Op op, Cell& left, const Cell& right) {
    if (left.type != right.type) return false;
    switch (op) {
      case Op::equal: left = truth_cell(equal(left, right)); return true;
      case Op::not_equal: left = truth_cell(!equal(left, right)); return true;
      case Op::logical_and:
        if (left.type != ValueClass::boolean) return false;
        left.truth = left.truth && right.truth;
        return true;
      case Op::logical_or:
        if (left.type != ValueClass::boolean) return false;
        left.truth = left.truth || right.truth;
        return true;
      default: return left.type == ValueClass::number && arithmetic(op, left, right.number);
    }
  }

  static bool arithmetic(Op op, Cell& left, double right) {
    switch (op) {
      case Op::less: left = truth_cell(left.number < right); return true;
      case Op::less_equal: left = truth_cell(left.number <= right); return true;
      case Op::greater: left = truth_cell(left.number > right); return true;
      case Op::greater_equal: left = truth_cell(left.number >= right); return true;
      case Op::add: left.number += right; break;
      case Op::subtract: left.number -= right; break;
      case Op::multiply: left.number *= right; break;
      case Op::divide:
        if (right == 0) return false;
        left.number /= right;
        break;
      case Op::modulo:
        if (right == 0) return false;
        left.number = std::fmod(left.number, right);
        break;
      default: return round_to(left.number, right, left);
    }
    return std::isfinite(left.number);
  }

  const Program& program_;
  Inputs& inputs_;
  const MonoTime at_;
  Cell* top_;  // one beyond the topmost cell
  bool doubtful_ = false;
  Reason doubt_ = Reason::none;
};

}  // namespace

Value Evaluation::value() const {
  if (quality == Quality::bad) return {};
  switch (result.type) {
    case ValueClass::number: return result.number;
    case ValueClass::boolean: return result.truth;
    case ValueClass::text: return *result.text;
    case ValueClass::unknown: break;
  }
  return {};
}

std::optional<bool> Evaluation::truth() const {
  if (quality == Quality::bad || result.type != ValueClass::boolean) return std::nullopt;
  return result.truth;
}

Evaluation evaluate(const Program& program, Inputs& inputs, MonoTime at, Cell* stack) {
  return Machine(program, inputs, at, stack).run();
}

}  // namespace ferrule

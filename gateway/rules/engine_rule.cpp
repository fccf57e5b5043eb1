#include "rules/engine_rule.h"

#include <algorithm>

namespace ferrule {

namespace {

void add_once(std::vector<uint32_t>& slots, const std::vector<uint32_t>& more) {
  for (const uint32_t slot : more) {
    if (slot != Inputs::kNone && std::find(slots.begin(), slots.end(), slot) == slots.end()) slots.push_back(slot);
  }
}

// True where there is nothing to compile.
bool compiled(const Expression& expression, const Names& names, Inputs& inputs, std::optional<Program>& program) {
  if (expression.empty()) return true;
  Problem problem;
  const auto tree = parse(expression.text, problem);
  if (tree) program = compile(*tree, names, inputs);
  return program.has_value();
}

bool compiled(const Expression& expression, const Names& names, Inputs& inputs, std::optional<Condition>& condition) {
  std::optional<Program> program;
  if (!compiled(expression, names, inputs, program)) return false;
  if (program) {
    const Duration hold = program->holding;
    condition = Condition{std::move(*program), Holding(hold)};
  }
  return true;
}

}  // namespace

MonoTime EngineRule::holding_due() const {
  const MonoTime first = when ? when->holding.due() : MonoTime::max();
  return until && raised ? std::min(first, until->holding.due()) : first;
}

std::vector<uint32_t> EngineRule::triggers() const {
  std::vector<uint32_t> slots;
  if (when) add_once(slots, when->program.slots);
  if (until) add_once(slots, until->program.slots);
  if (value) add_once(slots, value->slots);
  return slots;
}

std::optional<EngineRule> build_rule(const RuleSettings& settings, const Names& names, Inputs& inputs) {
  EngineRule rule;
  rule.name = settings.name;
  rule.severity = settings.severity;
  rule.every = settings.every;
  rule.set = settings.set;
  const bool fine = compiled(settings.when, names, inputs, rule.when) && compiled(settings.until, names, inputs, rule.until) &&
                    compiled(settings.value, names, inputs, rule.value);
  if (!fine || rule.every.count() < 0 || (rule.set == TagId::none) != !rule.value) return std::nullopt;

  std::string problem;
  if (const auto pieces = split_alarm_text(settings.text, problem)) rule.text = AlarmText(*pieces, names, inputs);
  if (rule.when) {
    rule.shown = rule.when->program.slots;
    if (!rule.shown.empty()) rule.device = names.device_of(inputs.tag(rule.shown.front()).latest.tag);
  }
  add_once(rule.shown, rule.text.slots());
  return rule;
}

}  // namespace ferrule

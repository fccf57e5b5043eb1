// One rule as the engine runs it: compiled, with its state.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "rules/alarm_text.h"
#include "rules/holding.h"
#include "rules/program.h"
#include "sdk/settings.h"

namespace ferrule {

struct Condition {
  Program program;
  Holding holding;
};

struct EngineRule {
  std::string name;
  std::string severity;
  Duration every{0};
  std::optional<Condition> when;
  std::optional<Condition> until;
  std::optional<Program> value;
  TagId set = TagId::none;
  uint32_t set_slot = Inputs::kNone;  // when another rule reads what this one sets
  DeviceId device = DeviceId::none;   // of the first tag in `when`
  AlarmText text;
  std::vector<uint32_t> shown;  // slots of Alarm::values

  int level = 0;  // see RuleOrder
  MonoTime due;   // of `every`
  bool raised = false;
  bool armed = true;  // `when` has been false since the alarm was last raised or cleared: it can become true again
  bool dirty = false;

  bool alarms() const { return !severity.empty(); }
  // When a holding time ends if nothing happens until then.
  MonoTime holding_due() const;
  // The tags whose samples make it run.
  std::vector<uint32_t> triggers() const;
};

// Nothing where an expression does not compile.
std::optional<EngineRule> build_rule(const RuleSettings& settings, const Names& names, Inputs& inputs);

}  // namespace ferrule

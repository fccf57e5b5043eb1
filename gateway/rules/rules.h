// The rule language: parse, check, evaluate.
//
//   boiler.temperature > 85 for 10s            comparison with a holding time (the whole condition, at its end)
//   (meter_1.power + meter_2.power) * 0.001    arithmetic + - * / %, unary -, parentheses
//   pump.running and not pump.fault            and or not; true false; == != < <= > >=
//   mode.state == "auto"                       text in double quotes
//   avg(meter_1.power, 15min)                  avg min max over a window of time (weight: by sample), rate per second over a
//   window changed(valve.open)                        true when this sample differs from the one before abs(x) round(x) round(x,
//   2)                plain functions of numbers
//
// A value is a number, a boolean or text; mixing them is refused at check. A tag that is bad, not read yet or unknown makes the
// result bad: a derived tag becomes bad (rule_failed), an alarm keeps its state. Division by zero or a result that is not finite:
// bad. An uncertain input makes the result uncertain. Limits: 2,000 characters, depth 50, 64 tags per rule, windows of 1s to 24h
// with at most 10,000 samples each (then the oldest leave early), 1,000 rules.
//
// No thread, no lock, no clock: the bus thread calls, and time comes with each call. Cost per sample: only rules that name the
// tag run.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/clock.h"
#include "core/record.h"
#include "sdk/fields.h"
#include "sdk/settings.h"

namespace ferrule {

// What kind of value a tag gives, as far as configuration can tell.
enum class ValueClass : uint8_t { unknown, number, boolean, text };

// Tells the checker about tags: nothing when no such tag is configured.
using TagKind = std::function<std::optional<ValueClass>(TagId)>;

// Appends a complaint, at line and column inside the expression, for everything wrong with the rule: syntax, unknown tags (with
// the nearest known name), wrong types, unknown functions, a rule that sets a tag it reads, two rules that set one tag (that one
// by check_all).
void check_rule(const RuleSettings& rule, const Names& names, const TagKind& kind, Complaints& complaints);
void check_rules(std::span<const RuleSettings> rules, const Names& names, const TagKind& kind, Complaints& complaints);

class RuleOutput {
 public:
  virtual ~RuleOutput() = default;
  virtual void derived(const Sample& sample) = 0;  // a tag that a rule sets; may trigger further rules (depth at most 8)
  virtual void alarm(Alarm alarm, DeviceId device, MonoTime at) = 0;  // device: that of the first tag in `when`
};

class Rules {
 public:
  // Rules that passed check_rules; a rule that does not compile here is skipped (asserted in debug builds). Alarms start cleared.
  Rules(std::span<const RuleSettings> rules, const Names& names);
  ~Rules();

  bool wants(TagId tag) const;
  // A new sample of a wanted tag, in engineering units.
  void sample(const Sample& sample, RuleOutput& out);
  // Holding times and `every`. Returns when it wants to be called next (MonoTime::max(): never).
  MonoTime tick(MonoTime now, RuleOutput& out);

  uint64_t evaluations() const;
  uint64_t failures() const;  // results that were bad

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace ferrule

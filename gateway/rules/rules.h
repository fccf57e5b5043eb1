// The rule language: parse, check, evaluate. README.md is its reference.
//
//   boiler.temperature > 85 for 10s            a holding time, at the end of the whole condition
//   (meter_1.power + meter_2.power) * 0.001    + - * / %, unary -, parentheses
//   pump.running and not pump.fault            and or not, true false, == != < <= > >=
//   mode.state == "auto"                       text in double quotes
//   avg(meter_1.power, 15min)                  avg min max over a window of time (by sample); rate: change per second over it
//   changed(valve.open)                        the tag's latest sample differs from the one before
//   abs(x), round(x), round(x, 2)              plain functions of numbers
//
// A value is a number, a boolean or text; mixing them is refused at check. A tag that is bad, not read yet or unknown makes the
// result bad: a derived tag becomes bad (rule_failed), an alarm keeps its state. Division by zero or a result that is not finite:
// bad. An uncertain input makes the result uncertain. A window leaves bad samples out; it is bad when it is empty and uncertain
// while the tag is bad or an uncertain sample is in it.
//
// Limits: 2,000 characters, depth 50, 64 tags per rule, windows of 1s to 24h with at most 10,000 samples each (then the oldest
// leave early), 1,000 windows, 1,000 rules, chains of 8 rules.
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

// Appends a complaint for everything wrong with the rule: syntax, unknown tags (with the nearest known name), wrong types,
// unknown functions, a rule that sets a tag it reads. The place is the expression's mark, taken as that of its first character,
// plus the column inside it: exact for a text on one line, approximate where YAML escapes or folding shortened what the user
// wrote. In a text of several lines the mark stays and the complaint counts characters.
void check_rule(const RuleSettings& rule, const Names& names, const TagKind& kind, Complaints& complaints);

// All of that, and what only shows among rules: two that set one tag, loops, chains that are too long, too many rules. A tag that
// one of the rules sets need not be known to `kind`.
void check_rules(std::span<const RuleSettings> rules, const Names& names, const TagKind& kind, Complaints& complaints);

// Called during sample(), samples() and tick(); must not call back into the Rules.
class RuleOutput {
 public:
  virtual ~RuleOutput() = default;
  // A tag that a rule sets, at each evaluation. Further rules that read it have it already.
  virtual void derived(const Sample& sample) = 0;
  // device: that of the first tag in `when`
  virtual void alarm(Alarm alarm, DeviceId device, MonoTime at) = 0;
};

class Rules {
 public:
  // Rules that passed check_rules; a rule that does not compile here is skipped (asserted in debug builds). Alarms start cleared.
  // `names` must outlive the Rules.
  Rules(std::span<const RuleSettings> rules, const Names& names);
  ~Rules();

  // False for tags that a rule sets: those go from rule to rule inside, and sample() ignores them.
  bool wants(TagId tag) const;
  // New samples in engineering units; tags that nobody wants are ignored. Samples that belong together (one poll) should come in
  // one call: each rule then runs once, on all of them, and never sees half of a poll.
  void samples(std::span<const Sample> batch, RuleOutput& out);
  void sample(const Sample& sample, RuleOutput& out) { samples({&sample, 1}, out); }
  // Holding times and `every`, which counts from the first call of any kind. Returns when it wants to be called next
  // (MonoTime::max(): never); a sample may have brought that forward, so ask again after samples.
  MonoTime tick(MonoTime now, RuleOutput& out);

  uint64_t evaluations() const;
  uint64_t failures() const;  // results that were bad

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace ferrule

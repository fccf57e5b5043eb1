#include "rules/rules.h"

#include <algorithm>
#include <array>
#include <cassert>

#include "rules/engine_rule.h"
#include "rules/limits.h"
#include "rules/rule_order.h"

namespace ferrule {

struct Rules::Impl {
  Impl(std::span<const RuleSettings> settings, const Names& names_) : names(names_) {
    for (const RuleSettings& one : settings) {
      auto rule = build_rule(one, names, inputs);
      assert(rule);
      if (rule && rules.size() < kMostRules) rules.push_back(std::move(*rule));
    }
    sort_into_levels();
    connect();
  }

  void sort_into_levels() {
    std::vector<RuleLinks> links;
    for (const EngineRule& rule : rules) {
      links.push_back({rule.set, {}});
      for (const uint32_t slot : rule.triggers()) links.back().reads.push_back(inputs.tag(slot).latest.tag);
    }
    const RuleOrder order = order_rules(links);
    for (size_t i = 0; i < rules.size(); ++i) rules[i].level = order.levels[i];
    const auto unfit = [](const EngineRule& rule) { return rule.level < 1 || rule.level > kMostChained; };
    const auto removed = std::erase_if(rules, unfit);
    assert(removed == 0);
    static_cast<void>(removed);
  }

  void connect() {
    readers.resize(inputs.size());
    stored_in.assign(inputs.size(), 0);
    internal.assign(inputs.size(), false);
    size_t deepest = 1;
    for (uint32_t i = 0; i < rules.size(); ++i) {
      EngineRule& rule = rules[i];
      highest_level = std::max(highest_level, rule.level);
      if (rule.set != TagId::none) rule.set_slot = inputs.find(rule.set);
      if (rule.set_slot != Inputs::kNone) internal[rule.set_slot] = true;
      if (rule.when) deepest = std::max(deepest, rule.when->program.deepest);
      if (rule.until) deepest = std::max(deepest, rule.until->program.deepest);
      if (rule.value) deepest = std::max(deepest, rule.value->deepest);
      if (rule.every.count() > 0) continue;
      for (const uint32_t slot : rule.triggers()) readers[slot].push_back(i);
    }
    for (auto& level : dirty) level.reserve(rules.size());
    stack.resize(deepest);
  }

  void start(MonoTime now) {
    if (started) return;
    started = true;
    for (EngineRule& rule : rules) {
      if (rule.every.count() > 0) want(rule.due = now + rule.every);
    }
  }

  void want(MonoTime due) { next_due = std::min(next_due, due); }

  void take(std::span<const Sample> batch, RuleOutput& out) {
    if (batch.empty()) return;
    MonoTime at = batch.front().read_at;
    for (const Sample& sample : batch) at = std::max(at, sample.read_at);
    start(at);
    // What ended before these samples were read ends without knowing them.
    if (at >= next_due) run_timers(at, out);
    ++batch_number;
    for (const Sample& sample : batch) {
      const uint32_t slot = inputs.find(sample.tag);
      if (slot == Inputs::kNone || internal[slot]) continue;
      // A second sample of one tag: the first must not pass unseen.
      if (stored_in[slot] == batch_number) run_dirty(at, out);
      stored_in[slot] = batch_number;
      store(slot, sample);
    }
    run_dirty(at, out);
  }

  void store(uint32_t slot, const Sample& sample) {
    inputs.store(slot, sample);
    for (const uint32_t reader : readers[slot]) mark(reader);
  }

  void mark(uint32_t index) {
    EngineRule& rule = rules[index];
    if (rule.dirty) return;
    rule.dirty = true;
    dirty[static_cast<size_t>(rule.level)].push_back(index);
  }

  // A rule marks only rules of higher levels, so each runs once, after all that feed it.
  void run_dirty(MonoTime at, RuleOutput& out) {
    for (int number = 1; number <= highest_level; ++number) {
      auto& level = dirty[static_cast<size_t>(number)];
      for (const uint32_t index : level) {
        rules[index].dirty = false;
        run(rules[index], at, out);
      }
      level.clear();
    }
  }

  void run(EngineRule& rule, MonoTime at, RuleOutput& out) {
    ++evaluations;
    bool failed = false;
    bool gate_failed = false;
    if (rule.when) {
      gate_failed = !judge(*rule.when, at);
      failed = gate_failed;
    }
    if (rule.alarms() && rule.when) failed = !follow(rule, at, out) || failed;
    if (rule.value && (gate_failed || !rule.when || rule.when->holding.met())) {
      failed = !derive(rule, gate_failed, at, out) || failed;
    }
    if (failed) ++failures;
    want(rule.holding_due());
  }

  // False when the result is bad.
  bool judge(Condition& condition, MonoTime at) {
    const auto truth = evaluate(condition.program, inputs, at, stack.data()).truth();
    condition.holding.update(truth, at);
    return truth.has_value();
  }

  // The alarm's next step after `when` was judged. False when `until` could not be.
  bool follow(EngineRule& rule, MonoTime at, RuleOutput& out) {
    const Holding& when = rule.when->holding;
    if (when.known_false()) rule.armed = true;
    if (!rule.raised) {
      if (!when.met() || !rule.armed) return true;
      report(rule, true, at, out);
      if (rule.until) rule.until->holding.reset();
    }
    if (!rule.until) {
      if (when.known_false()) report(rule, false, at, out);
      return true;
    }
    const bool fine = judge(*rule.until, at);
    if (rule.until->holding.met()) report(rule, false, at, out);
    return fine;
  }

  void report(EngineRule& rule, bool raised, MonoTime at, RuleOutput& out) {
    rule.raised = raised;
    rule.armed = !rule.when->holding.met();
    Alarm alarm;
    alarm.rule = rule.name;
    alarm.raised = raised;
    alarm.severity = rule.severity;
    alarm.text = rule.text.fill(inputs);
    for (const uint32_t slot : rule.shown) {
      const Sample& latest = inputs.tag(slot).latest;
      alarm.values.push_back({names.full_name(latest.tag), latest.quality == Quality::bad ? Value() : latest.value});
    }
    out.alarm(std::move(alarm), rule.device, at);
  }

  bool derive(EngineRule& rule, bool gate_failed, MonoTime at, RuleOutput& out) {
    Evaluation result;
    if (gate_failed) {
      result.quality = Quality::bad;
    } else {
      result = evaluate(*rule.value, inputs, at, stack.data());
    }
    Sample sample;
    sample.tag = rule.set;
    sample.read_at = at;
    sample.quality = result.quality;
    sample.reason = result.quality == Quality::bad ? Reason::rule_failed : result.reason;
    sample.value = result.value();
    if (rule.set_slot != Inputs::kNone) store(rule.set_slot, sample);
    out.derived(sample);
    return sample.quality != Quality::bad;
  }

  void run_timers(MonoTime now, RuleOutput& out) {
    next_due = MonoTime::max();
    for (uint32_t i = 0; i < rules.size(); ++i) {
      EngineRule& rule = rules[i];
      const MonoTime held = rule.holding_due();
      if (held <= now) end_holding(rule, held, out);
      if (rule.every.count() > 0 && rule.due <= now) {
        // After a pause one evaluation stands for all that were missed.
        rule.due += ((now - rule.due) / rule.every + 1) * rule.every;
        mark(i);
      }
      if (rule.every.count() > 0) want(rule.due);
      want(rule.holding_due());
    }
    run_dirty(now, out);
  }

  // The end of a holding time is at its own moment, however late somebody asks.
  void end_holding(EngineRule& rule, MonoTime at, RuleOutput& out) {
    const bool was_met = rule.when->holding.met();
    rule.when->holding.elapse(at);
    if (rule.alarms()) end_alarm_holding(rule, at, out);
    if (rule.value && !was_met && rule.when->holding.met()) {
      ++evaluations;
      if (!derive(rule, false, at, out)) ++failures;
    }
  }

  void end_alarm_holding(EngineRule& rule, MonoTime at, RuleOutput& out) {
    if (!rule.raised) {
      follow(rule, at, out);
      return;
    }
    if (!rule.until) return;
    rule.until->holding.elapse(at);
    if (rule.until->holding.met()) report(rule, false, at, out);
  }

  const Names& names;
  Inputs inputs;
  std::vector<EngineRule> rules;
  std::vector<std::vector<uint32_t>> readers;                 // by slot: the rules that a sample makes run
  std::vector<uint64_t> stored_in;                            // by slot: the number of the last batch that had it
  std::vector<bool> internal;                                 // by slot: a rule sets it
  std::array<std::vector<uint32_t>, kMostChained + 1> dirty;  // by level: the rules to run
  int highest_level = 0;
  std::vector<Cell> stack;
  bool started = false;
  MonoTime next_due = MonoTime::max();
  uint64_t batch_number = 0;
  uint64_t evaluations = 0;
  uint64_t failures = 0;
};

Rules::Rules(std::span<const RuleSettings> rules, const Names& names) : impl_(std::make_unique<Impl>(rules, names)) {}

Rules::~Rules() = default;

bool Rules::wants(TagId tag) const {
  const uint32_t slot = impl_->inputs.find(tag);
  return slot != Inputs::kNone && !impl_->internal[slot];
}

void Rules::samples(std::span<const Sample> batch, RuleOutput& out) { impl_->take(batch, out); }

MonoTime Rules::tick(MonoTime now, RuleOutput& out) {
  impl_->start(now);
  if (now >= impl_->next_due) impl_->run_timers(now, out);
  return impl_->next_due;
}

uint64_t Rules::evaluations() const { return impl_->evaluations; }

uint64_t Rules::failures() const { return impl_->failures; }

}  // namespace ferrule

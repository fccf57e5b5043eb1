// A small plant for the tests of the rules: its tags, a way to write rules as a user does, and everything that comes out.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "rules/rules.h"

namespace ferrule::test {

using namespace std::chrono_literals;

inline MonoTime at(Duration since_start) { return MonoTime(1000s) + since_start; }

// boiler: temperature, setpoint (numbers), name (text); pump: running, fault (booleans); mode: state (text); odd: thing (unknown)
class Plant {
 public:
  Plant() {
    add("boiler.temperature", ValueClass::number);
    add("boiler.setpoint", ValueClass::number);
    add("boiler.name", ValueClass::text);
    add("meter_1.power", ValueClass::number);
    add("meter_2.power", ValueClass::number);
    add("pump.running", ValueClass::boolean);
    add("pump.fault", ValueClass::boolean);
    add("mode.state", ValueClass::text);
    add("odd.thing", ValueClass::unknown);
  }

  TagId add(std::string_view full_name, ValueClass kind) {
    const TagId id = tag(full_name);
    kinds_[id] = kind;
    return id;
  }

  // A name that is known, perhaps of a tag that is no longer configured.
  TagId tag(std::string_view full_name) {
    const size_t dot = full_name.find('.');
    return names.tag(names.device(full_name.substr(0, dot)), full_name.substr(dot + 1));
  }

  TagKind kind() const {
    return [this](TagId id) -> std::optional<ValueClass> {
      const auto known = kinds_.find(id);
      return known == kinds_.end() ? std::nullopt : std::optional(known->second);
    };
  }

  RuleSettings alarm(std::string when, std::string until = {}, std::string text = "hot") {
    RuleSettings rule;
    rule.name = "alarm";
    rule.mark = {10, 5, 0};
    rule.when = {std::move(when), {11, 11, 0}};
    rule.until = {std::move(until), {12, 12, 0}};
    rule.severity = "high";
    rule.text = std::move(text);
    return rule;
  }

  RuleSettings set(std::string_view full_name, std::string value) {
    RuleSettings rule;
    rule.name = "set_" + std::string(full_name);
    rule.mark = {20, 5, 0};
    rule.set = tag(full_name);
    rule.set_mark = {21, 10, 0};
    rule.value = {std::move(value), {21, 25, 0}};
    return rule;
  }

  Complaints check(const std::vector<RuleSettings>& rules) {
    Complaints complaints;
    check_rules(rules, names, kind(), complaints);
    return complaints;
  }

  Names names;

 private:
  std::map<TagId, ValueClass> kinds_;
};

struct AlarmEvent {
  Alarm alarm;
  DeviceId device;
  MonoTime at;
};

class Outputs : public RuleOutput {
 public:
  void derived(const Sample& sample) override { samples.push_back(sample); }
  void alarm(Alarm alarm, DeviceId device, MonoTime when) override { alarms.push_back({std::move(alarm), device, when}); }

  std::vector<Sample> samples;
  std::vector<AlarmEvent> alarms;
};

// Rules at work.
class Bench {
 public:
  Bench(Plant& plant, const std::vector<RuleSettings>& settings) : plant_(plant), rules(settings, plant.names) {}

  void good(std::string_view tag, Value value, Duration when) { rules.sample(sample(tag, std::move(value), when), out); }
  void bad(std::string_view tag, Reason reason, Duration when) {
    Sample one = sample(tag, {}, when);
    one.quality = Quality::bad;
    one.reason = reason;
    rules.sample(one, out);
  }
  void uncertain(std::string_view tag, Value value, Reason reason, Duration when) {
    Sample one = sample(tag, std::move(value), when);
    one.quality = Quality::uncertain;
    one.reason = reason;
    rules.sample(one, out);
  }
  Sample sample(std::string_view tag, Value value, Duration when) const {
    Sample one;
    one.tag = *plant_.names.find_tag(tag);
    one.value = std::move(value);
    one.read_at = at(when);
    return one;
  }
  MonoTime tick(Duration when) { return rules.tick(at(when), out); }

 private:
  Plant& plant_;

 public:
  Rules rules;
  Outputs out;
};

}  // namespace ferrule::test

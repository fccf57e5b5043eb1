#include "config/decoder.h"
#include "config/engines.h"
#include "config/fingerprint.h"
#include "config/formats.h"
#include "config/tables.h"

namespace ferrule::config {

namespace {

constexpr size_t kMostRules = 1000;

class RuleBuilder {
 public:
  explicit RuleBuilder(LoadContext& context) : context_(context) {}

  void build(const Node& node, std::vector<RuleSettings>& rules) {
    Report& report = context_.report;
    const size_t complaints = report.count();
    Fields fields(tables::kRule, node.mark());
    const Target target{tables::kRule, &fields};
    decode_map(node, "a rule", {&target, 1}, report);
    if (node.is_map() || node.is_null()) require({&node, 1}, "a rule", {&target, 1}, node.mark(), report);
    if (report.count() != complaints) return;
    check_parts(fields);
    if (!fields.boolean("enabled")) return;
    names_.claim(fields.text("name"), fields.mark("name"), context_);
    RuleSettings rule;
    rule.name = fields.text("name");
    rule.mark = node.mark();
    rule.when = expression(node, "when");
    rule.until = expression(node, "until");
    rule.every = fields.duration("every");
    if (const Fields* alarm = fields.object("alarm")) {
      rule.severity = alarm->text("severity");
      rule.text = alarm->has("text") ? alarm->text("text") : rule.name;
    }
    if (fields.has("set")) read_assignment(node, rule);
    rule.fingerprint = fingerprint(rule, context_.names);
    rules.push_back(std::move(rule));
  }

 private:
  void check_parts(const Fields& fields) {
    Report& report = context_.report;
    const bool alarm = fields.has("alarm");
    if (!alarm && !fields.has("set")) report.add(fields.mark(), "this rule does nothing: add `when` and `alarm`, or `set`");
    if (alarm && !fields.has("when")) report.add(fields.mark("alarm"), "an alarm needs 'when': say when it is raised");
    if (fields.has("until") && !fields.has("when"))
      report.add(fields.mark("until"), "'until' needs 'when': say when the alarm is raised");
  }

  static Expression expression(const Node& rule, std::string_view key) {
    const Node node = rule.find(key);
    if (!node) return {};
    return {std::string(node.text()), text_mark(node)};
  }

  // Where the text itself begins, so that the rule language counts on from there.
  static Mark text_mark(const Node& node) {
    Mark mark = node.mark();
    if (node.quoted()) ++mark.column;
    return mark;
  }

  void read_assignment(const Node& node, RuleSettings& rule) {
    const Node set = node.find("set");
    const auto parsed = parse_assignment(set.text());
    if (!parsed) return;
    rule.set_mark = text_mark(set);
    rule.value.text = parsed->value;
    rule.value.mark = rule.set_mark;
    rule.value.mark.column = static_cast<uint16_t>(rule.value.mark.column + parsed->value_at);
    const DeviceId device = context_.names.device(parsed->device);
    const size_t index = index_of(device);
    if (index < context_.device_marks.size() && context_.device_marks[index].line != 0) {
      context_.report.add(rule.set_mark, "the device " + cited(parsed->device) + " is polled (" +
                                             place_text(context_.device_marks[index], rule.set_mark, context_.sources.files()) +
                                             "): a rule sets tags of a virtual device, such as plant." + parsed->tag);
      return;
    }
    rule.set = device == DeviceId::none ? TagId::none : context_.names.tag(device, parsed->tag);
    if (rule.set == TagId::none) {
      context_.report.add(rule.set_mark,
                          "more tags than the gateway can hold: restart it to forget the names of old configurations");
    }
  }

  LoadContext& context_;
  UniqueNames names_{"rule"};
};

}  // namespace

std::vector<RuleSettings> build_rules(std::span<const Node> entries, LoadContext& context) {
  std::vector<RuleSettings> rules;
  RuleBuilder builder(context);
  if (entries.size() > kMostRules) {
    context.report.add(entries[kMostRules].mark(), "more than " + std::to_string(kMostRules) + " rules: remove some");
  }
  for (const Node& entry : entries.first(std::min(entries.size(), kMostRules))) {
    if (!context.report.full()) builder.build(entry, rules);
  }
  return rules;
}

}  // namespace ferrule::config

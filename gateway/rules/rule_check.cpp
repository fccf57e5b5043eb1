// Everything that can be wrong with rules, said with its place and its remedy.
#include <algorithm>
#include <unordered_map>
#include <unordered_set>

#include "core/nearest.h"
#include "rules/alarm_text.h"
#include "rules/expression_check.h"
#include "rules/limits.h"
#include "rules/rule_order.h"
#include "rules/rules.h"

namespace ferrule {

namespace {

// Finding the nearest of 10,000 names takes milliseconds, so a file full of mistakes gets only so many guesses.
constexpr int kMostGuesses = 20;
constexpr size_t kMostComplaints = 1000;

class Checker {
 public:
  Checker(std::span<const RuleSettings> rules, const Names& names, const TagKind& kind, Complaints& complaints)
      : rules_(rules), names_(names), kind_(kind), complaints_(complaints), links_(rules.size()), trees_(rules.size()) {}

  void run() {
    if (rules_.size() > kMostRules) {
      complain(rules_[kMostRules].mark, "more than " + std::to_string(kMostRules) + " rules");
      return;
    }
    for (size_t i = 0; i < rules_.size(); ++i) read(i);
    order_ = order_rules(links_);
    // A rule comes after those that feed it, so that the types of derived tags are known where they are read.
    std::vector<size_t> sequence(rules_.size());
    for (size_t i = 0; i < sequence.size(); ++i) sequence[i] = i;
    std::stable_sort(sequence.begin(), sequence.end(), [&](size_t a, size_t b) { return rank(a) < rank(b); });
    for (const size_t i : sequence) judge(i);
    check_order();
    check_windows();
  }

 private:
  struct Trees {
    std::optional<Tree> when, until, value;
  };

  int rank(size_t rule) const { return order_.levels[rule] == 0 ? kMostChained + 1 : order_.levels[rule]; }

  void complain(Mark mark, std::string what) {
    if (complaints_.size() < kMostComplaints) complaints_.push_back({mark, std::move(what)});
  }

  // Mark::column counts from 1 and a column may be beyond what it can hold.
  void complain(const Expression& expression, uint32_t at, std::string what) {
    Mark mark = expression.mark;
    if (expression.text.find('\n') != std::string::npos) {
      what += " (at character " + std::to_string(at + 1) + ")";
    } else if (mark.line != 0) {
      mark.column = static_cast<uint16_t>(std::min<uint32_t>(mark.column + at, 65535));
    }
    complain(mark, std::move(what));
  }

  // First pass: syntax, and who reads and sets what.
  void read(size_t index) {
    const RuleSettings& rule = rules_[index];
    Trees& trees = trees_[index];
    shape(rule);
    trees.when = parsed(rule.when);
    trees.until = parsed(rule.until);
    trees.value = parsed(rule.value);
    if (trees.value && trees.value->holding.count() > 0)
      complain(rule.value, trees.value->holding_at, "'for' belongs to a condition: use it in `when`");
    links_[index].set = rule.set;
    for (const auto* tree : {&trees.when, &trees.until, &trees.value}) {
      if (*tree) collect(**tree, links_[index].reads);
    }
    count_tags(rule, trees, links_[index].reads.size());
    if (rule.set != TagId::none) sets_.emplace(rule.set, ValueClass::unknown);
    const auto [first, fresh] = setters_.emplace(rule.set, index);
    if (rule.set != TagId::none && !fresh)
      complain(rule.set_mark, "'" + names_.full_name(rule.set) + "' is already set by rule '" + rules_[first->second].name + "'");
  }

  void shape(const RuleSettings& rule) {
    if (rule.set == TagId::none && rule.value.empty() && rule.when.empty())
      complain(rule.mark, "the rule does nothing; give it `when` and `alarm`, or `set`");
    if ((rule.set == TagId::none) != rule.value.empty())
      complain(rule.mark, "`set` names a tag and its value: set: plant.power = meter_1.power + meter_2.power");
    if (!rule.severity.empty() && rule.when.empty()) complain(rule.mark, "`alarm` needs `when`");
    if (!rule.when.empty() && rule.severity.empty() && rule.set == TagId::none)
      complain(rule.mark, "the rule does nothing when its condition is met; give it `alarm` or `set`");
    if (!rule.until.empty() && rule.severity.empty()) complain(rule.until.mark, "`until` ends an alarm, and the rule has none");
    if (rule.every.count() != 0 && rule.every < kShortestEvery) complain(rule.mark, "`every` is at least 100ms");
  }

  void count_tags(const RuleSettings& rule, const Trees& trees, size_t tags) {
    if (tags > kMostTagsPerRule) complain(rule.mark, "names more than " + std::to_string(kMostTagsPerRule) + " tags");
    const bool readable = (rule.when.empty() || trees.when) && (rule.value.empty() || trees.value);
    const bool idle = (!trees.when || !names_a_tag(*trees.when)) && (!trees.value || !names_a_tag(*trees.value));
    if (readable && idle && (trees.when || trees.value) && rule.every.count() == 0)
      complain(rule.mark, "names no tag, so nothing would ever run it; give it `every`");
  }

  static bool names_a_tag(const Tree& tree) {
    return std::any_of(tree.nodes.begin(), tree.nodes.end(), [](const Node& node) { return !node.tag.empty(); });
  }

  std::optional<Tree> parsed(const Expression& expression) {
    if (expression.empty()) return std::nullopt;
    Problem problem;
    auto tree = parse(expression.text, problem);
    if (!tree) complain(expression, problem.at, std::move(problem.what));
    return tree;
  }

  void collect(const Tree& tree, std::vector<TagId>& reads) const {
    for (const Node& node : tree.nodes) {
      const auto tag = node.tag.empty() ? std::nullopt : names_.find_tag(node.tag);
      if (tag && std::find(reads.begin(), reads.end(), *tag) == reads.end()) reads.push_back(*tag);
    }
  }

  // Second pass: tags and types.
  void judge(size_t index) {
    const RuleSettings& rule = rules_[index];
    Trees& trees = trees_[index];
    condition(rule.when, trees.when);
    condition(rule.until, trees.until);
    if (trees.value) {
      const ValueClass type = types(rule.value, *trees.value);
      if (rule.set != TagId::none) sets_[rule.set] = type;
    }
    check_text(rule);
  }

  void condition(const Expression& expression, std::optional<Tree>& tree) {
    if (!tree) return;
    const ValueClass type = types(expression, *tree);
    if (type != ValueClass::boolean && type != ValueClass::unknown)
      complain(expression, 0, "a condition is true or false; this is " + std::string(describe(type)));
  }

  ValueClass types(const Expression& expression, Tree& tree) {
    std::vector<Problem> problems;
    const TagLookup lookup = [this](const std::string& name, std::string& complaint) { return look_up(name, complaint); };
    const ValueClass type = check_expression(tree, lookup, problems);
    for (Problem& problem : problems) complain(expression, problem.at, std::move(problem.what));
    return type;
  }

  std::optional<ValueClass> kind_of(TagId tag) const {
    const auto set = sets_.find(tag);
    return set != sets_.end() ? set->second : kind_(tag);
  }

  std::optional<ValueClass> look_up(const std::string& name, std::string& complaint) {
    const auto tag = names_.find_tag(name);
    const auto kind = tag ? kind_of(*tag) : std::nullopt;
    if (!kind) complaint = "unknown tag '" + name.substr(0, 100) + "'" + guess(name);
    return kind;
  }

  std::string guess(const std::string& name) {
    if (++guesses_ > kMostGuesses) return {};
    if (known_.empty()) {
      for (uint32_t i = 0; i < names_.tag_count(); ++i) {
        const auto tag = static_cast<TagId>(i);
        if (kind_of(tag)) known_.push_back(names_.full_name(tag));
      }
    }
    // Within a device that is known only the tag can be mistyped or cut short.
    const std::string device = name.substr(0, name.find('.') + 1);
    std::vector<std::string_view> tags;
    for (const std::string& one : known_) {
      if (one.starts_with(name)) return ", did you mean '" + one + "'?";
      if (one.starts_with(device)) tags.push_back(std::string_view(one).substr(device.size()));
    }
    if (tags.empty()) return did_you_mean(name, near_in_length(name));
    const std::string_view tag = nearest(name.substr(device.size()), tags);
    return tag.empty() ? std::string() : ", did you mean '" + device + std::string(tag) + "'?";
  }

  std::vector<std::string_view> near_in_length(const std::string& name) const {
    std::vector<std::string_view> candidates;
    const size_t slack = std::max<size_t>(1, name.size() / 3);
    for (const std::string& one : known_) {
      if (one.size() + slack >= name.size() && one.size() <= name.size() + slack) candidates.push_back(one);
    }
    return candidates;
  }

  void check_text(const RuleSettings& rule) {
    std::string problem;
    const auto pieces = split_alarm_text(rule.text, problem);
    if (!pieces) return complain(rule.mark, problem);
    if (pieces->size() > kMostTagsPerRule)
      return complain(rule.mark, "the text names more than " + std::to_string(kMostTagsPerRule) + " tags");
    for (const TextPiece& piece : *pieces) {
      std::string complaint;
      if (!piece.tag.empty() && !look_up(piece.tag, complaint)) complain(rule.mark, complaint + " in the text");
    }
  }

  // Third pass: the rules among each other.
  void check_order() {
    for (const auto& loop : order_.loops) {
      const RuleSettings& first = rules_[loop.front()];
      std::string path;
      for (const size_t rule : loop) path += "'" + rules_[rule].name + "' -> ";
      if (loop.size() == 1) {
        complain(first.set_mark, "the rule sets '" + names_.full_name(first.set) + "', which it reads itself");
      } else {
        complain(first.set_mark, "rules feed each other in a loop: " + path + "'" + first.name + "'");
      }
    }
    for (size_t i = 0; i < rules_.size(); ++i) {
      if (order_.levels[i] != kMostChained + 1) continue;
      complain(rules_[i].mark, "a chain of more than " + std::to_string(kMostChained) + " rules that feed each other ends here");
    }
  }

  void check_windows() {
    std::unordered_set<std::string> windows;
    for (size_t i = 0; i < rules_.size(); ++i) {
      for (const auto* tree : {&trees_[i].when, &trees_[i].until, &trees_[i].value}) {
        if (!*tree) continue;
        for (const Node& node : (*tree)->nodes) {
          if (node.op != Op::window) continue;
          windows.insert(node.tag + std::to_string(static_cast<int>(node.window)) + "/" + std::to_string(node.span.count()));
        }
      }
      if (windows.size() <= kMostWindows) continue;
      return complain(rules_[i].mark, "more than " + std::to_string(kMostWindows) + " different windows in all rules together");
    }
  }

  const std::span<const RuleSettings> rules_;
  const Names& names_;
  const TagKind& kind_;
  Complaints& complaints_;
  std::vector<RuleLinks> links_;
  std::vector<Trees> trees_;
  RuleOrder order_;
  std::unordered_map<TagId, ValueClass> sets_;  // what the rules themselves set
  std::unordered_map<TagId, size_t> setters_;
  std::vector<std::string> known_;
  int guesses_ = 0;
};

}  // namespace

void check_rule(const RuleSettings& rule, const Names& names, const TagKind& kind, Complaints& complaints) {
  check_rules({&rule, 1}, names, kind, complaints);
}

void check_rules(std::span<const RuleSettings> rules, const Names& names, const TagKind& kind, Complaints& complaints) {
  Checker(rules, names, kind, complaints).run();
}

}  // namespace ferrule

// libFuzzer entry for the rule language. The first lines of the input are a rule each: `when`, `until`, value and text, separated
// by '|'. What follows an empty line are samples, four bytes each. Whatever the checker accepts must run.
#include <cassert>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "rules/rules.h"

namespace {

using namespace ferrule;

constexpr std::string_view kTags[] = {"a.n", "a.m", "a.b", "a.t", "a.u", "p.x", "p.y", "p.z"};
constexpr size_t kSettable = 5;  // from here on rules set them

struct Plant {
  Plant() {
    for (const std::string_view name : kTags) tags.push_back(names.tag(names.device(name.substr(0, 1)), name.substr(2)));
  }
  std::optional<ValueClass> kind(TagId tag) const {
    if (tag == tags[0] || tag == tags[1]) return ValueClass::number;
    if (tag == tags[2]) return ValueClass::boolean;
    if (tag == tags[3]) return ValueClass::text;
    return tag == tags[4] ? std::optional(ValueClass::unknown) : std::nullopt;
  }
  Names names;
  std::vector<TagId> tags;
};

// Every result must be sound.
class Judge : public RuleOutput {
 public:
  void derived(const Sample& sample) override {
    const auto number = sample.value.number();
    if ((sample.quality == Quality::bad) != sample.value.empty()) std::abort();
    if (number && !std::isfinite(*number)) std::abort();
  }
  void alarm(Alarm alarm, DeviceId, MonoTime) override {
    if (alarm.text.size() > 100000) std::abort();
  }
};

std::string_view cut(std::string_view& text, char at) {
  const size_t end = text.find(at);
  const std::string_view part = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  return part;
}

RuleSettings rule_from(std::string_view line, size_t number, const Plant& plant) {
  RuleSettings rule;
  rule.name = "r" + std::to_string(number);
  rule.mark = {1, 1, 0};
  rule.when = {std::string(cut(line, '|')), {1, 60000, 0}};
  rule.until = {std::string(cut(line, '|')), {2, 1, 0}};
  rule.value = {std::string(cut(line, '|')), {3, 1, 0}};
  rule.text = line;
  if (!rule.when.empty() && (rule.value.empty() || number % 2 == 0)) rule.severity = "high";
  if (!rule.value.empty()) rule.set = plant.tags[kSettable + number % 3];
  if (number % 4 == 3) rule.every = std::chrono::seconds(2);
  return rule;
}

Sample sample_from(std::string_view bytes, MonoTime& now, const Plant& plant) {
  const auto byte = [&](size_t i) { return static_cast<uint8_t>(bytes[i]); };
  now += std::chrono::milliseconds(byte(1) * 20);
  Sample sample;
  sample.tag = plant.tags[byte(0) % plant.tags.size()];
  sample.read_at = now - std::chrono::milliseconds(byte(0));
  const double number = std::ldexp(static_cast<double>(static_cast<int8_t>(byte(2))), static_cast<int8_t>(byte(3)) * 8);
  switch (byte(0) / 8 % 8) {
    case 0: sample.quality = Quality::bad; break;
    case 1: sample.value = byte(2) > 7; break;
    case 2: sample.value = Value::text(bytes.substr(2)); break;
    case 3: sample.value = Value::bytes(bytes.substr(2)); break;
    case 4: sample.quality = Quality::uncertain; [[fallthrough]];
    default: sample.value = number;
  }
  return sample;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  std::string_view input(reinterpret_cast<const char*>(bytes), size);
  const Plant plant;
  std::vector<RuleSettings> rules;
  while (rules.size() < 12) {
    const std::string_view line = cut(input, '\n');
    if (line.empty()) break;
    rules.push_back(rule_from(line, rules.size(), plant));
  }
  const TagKind kind = [&](TagId tag) { return plant.kind(tag); };
  std::vector<RuleSettings> sound;
  for (const RuleSettings& rule : rules) {
    sound.push_back(rule);
    Complaints complaints;
    check_rules(sound, plant.names, kind, complaints);
    if (!complaints.empty()) sound.pop_back();
  }
  Rules engine(sound, plant.names);
  Judge judge;
  MonoTime now(std::chrono::seconds(1000));
  for (; input.size() >= 4; input.remove_prefix(4)) {
    engine.sample(sample_from(input.substr(0, 4), now, plant), judge);
    if (input[1] % 3 == 0) engine.tick(now, judge);
  }
  return 0;
}

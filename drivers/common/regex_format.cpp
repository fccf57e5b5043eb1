// Groups of a regular expression. RE2's time is linear in the frame whatever the expression; its memory has a limit.
#include <re2/re2.h>

#include "drivers_common/extraction_formats.h"

namespace ferrule {

namespace {

constexpr int64_t kMostMemory = 1 << 20;
constexpr size_t kMostPattern = 1024;
constexpr int kMostGroups = 64;

RE2::Options options() {
  RE2::Options options;
  options.set_encoding(RE2::Options::EncodingLatin1);  // frames are bytes, and need not be UTF-8
  options.set_log_errors(false);
  options.set_max_mem(kMostMemory);
  return options;
}

class RegexFormat final : public FieldFormat {
 public:
  explicit RegexFormat(const std::string& pattern) : expression_(pattern, options()) {}
  const RE2& expression() const { return expression_; }

  Status add(const Place& place) override {
    const auto& names = expression_.NamedCapturingGroups();
    const auto named = names.find(place.at);
    const auto number = named != names.end() ? std::optional<size_t>(named->second) : place_number(place.at, 0);
    if (!number || *number > static_cast<size_t>(expression_.NumberOfCapturingGroups())) {
      return {Fault::invalid, "the pattern has no group '" + place.at + "': name it with (?P<" +
                                  (place.at.empty() ? "weight" : place.at) + ">...) or give its number"};
    }
    groups_.push_back({*number, place.type});
    return {};
  }

  Status read(std::span<const uint8_t> frame, ExtractionSink& sink) const override {
    const std::string_view letters = letters_of(frame);
    const re2::StringPiece input(letters.data(), letters.size());
    std::array<re2::StringPiece, kMostGroups + 1> found;
    const int count = expression_.NumberOfCapturingGroups() + 1;
    if (!expression_.Match(input, 0, input.size(), RE2::UNANCHORED, found.data(), count)) {
      return {Fault::bad_reply, "does not match the pattern"};
    }
    for (size_t i = 0; i < groups_.size(); ++i) {
      const re2::StringPiece& group = found[groups_[i].number];
      if (group.data() != nullptr) tell_text(i, {group.data(), group.size()}, groups_[i].type, sink);
    }
    return {};
  }

 private:
  struct Group {
    size_t number;
    FieldType type;
  };
  const RE2 expression_;
  std::vector<Group> groups_;
};

}  // namespace

Result<std::unique_ptr<FieldFormat>> make_regex_format(const std::string& pattern) {
  if (pattern.empty()) return {Fault::invalid, "regex needs a pattern: pattern: '^S S +(?P<weight>[-0-9.]+) g'"};
  if (pattern.size() > kMostPattern)
    return {Fault::invalid, "a pattern has at most " + std::to_string(kMostPattern) + " letters"};
  auto format = std::make_unique<RegexFormat>(pattern);
  const RE2& expression = format->expression();
  if (!expression.ok()) return {Fault::invalid, "the pattern is no regular expression: " + expression.error()};
  if (expression.NumberOfCapturingGroups() > kMostGroups) {
    return {Fault::invalid, "a pattern has at most " + std::to_string(kMostGroups) + " groups"};
  }
  return std::unique_ptr<FieldFormat>(std::move(format));
}

}  // namespace ferrule

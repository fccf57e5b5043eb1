// The text of an alarm with its {device.tag} places. "{{" and "}}" stand for the braces themselves.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/names.h"
#include "rules/inputs.h"

namespace ferrule {

struct TextPiece {
  std::string literal;  // then the tag, unless there is none
  std::string tag;
};

inline constexpr size_t kMostAlarmText = 2000;  // characters, as written

// Nothing when the braces do not match; then `problem` says why.
std::optional<std::vector<TextPiece>> split_alarm_text(std::string_view text, std::string& problem);

class AlarmText {
 public:
  AlarmText() = default;
  AlarmText(const std::vector<TextPiece>& pieces, const Names& names, Inputs& inputs);

  std::string fill(const Inputs& inputs) const;
  const std::vector<uint32_t>& slots() const { return slots_; }  // Inputs::kNone where a piece has no tag

 private:
  std::vector<std::string> literals_;
  std::vector<uint32_t> slots_;
};

// As in a text for people: 12 digits of a number at most, "?" where there is no value.
void append_readable(std::string& out, const Sample& sample);

}  // namespace ferrule

#include "rules/alarm_text.h"

#include <charconv>

namespace ferrule {

std::optional<std::vector<TextPiece>> split_alarm_text(std::string_view text, std::string& problem) {
  if (text.size() > kMostAlarmText) {
    problem = "the text is longer than " + std::to_string(kMostAlarmText) + " characters";
    return std::nullopt;
  }
  std::vector<TextPiece> pieces(1);
  for (size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    const bool twice = at + 1 < text.size() && text[at + 1] == c;
    if (c != '{' && c != '}') {
      pieces.back().literal += c;
    } else if (twice) {
      pieces.back().literal += c;
      ++at;
    } else {
      const size_t end = c == '{' ? text.find('}', at) : std::string_view::npos;
      if (end == std::string_view::npos) {
        problem = "the text has a '" + std::string(1, c) + "' without its partner; a brace itself is written twice";
        return std::nullopt;
      }
      pieces.back().tag = text.substr(at + 1, end - at - 1);
      if (pieces.back().tag.empty()) {
        problem = "the text has empty braces; name a tag, as in {boiler.temperature}";
        return std::nullopt;
      }
      pieces.emplace_back();
      at = end;
    }
  }
  return pieces;
}

AlarmText::AlarmText(const std::vector<TextPiece>& pieces, const Names& names, Inputs& inputs) {
  for (const TextPiece& piece : pieces) {
    const auto tag = piece.tag.empty() ? std::nullopt : names.find_tag(piece.tag);
    literals_.push_back(piece.literal);
    slots_.push_back(tag ? inputs.slot(*tag) : Inputs::kNone);
  }
}

std::string AlarmText::fill(const Inputs& inputs) const {
  std::string text;
  for (size_t i = 0; i < literals_.size(); ++i) {
    text += literals_[i];
    if (slots_[i] != Inputs::kNone) append_readable(text, inputs.tag(slots_[i]).latest);
  }
  return text;
}

void append_readable(std::string& out, const Sample& sample) {
  if (sample.quality == Quality::bad) {
    out += '?';
  } else if (sample.value.kind() == Value::Kind::float64) {
    // 813 * 0.1 is 81.30000000000001, which nobody wants to read.
    char digits[32];
    constexpr int kDigits = 12;
    const double number = sample.value.as_double();
    out.append(digits, std::to_chars(digits, digits + sizeof digits, number, std::chars_format::general, kDigits).ptr);
  } else {
    append_text(out, sample.value);
  }
}

}  // namespace ferrule

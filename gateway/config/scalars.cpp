#include "config/scalars.h"

#include <charconv>
#include <cmath>

#include "config/report.h"
#include "core/nearest.h"
#include "core/units.h"

namespace ferrule::config {

namespace {

bool letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool digit(char c) { return c >= '0' && c <= '9'; }
bool name_letter(char c) { return letter(c) || digit(c) || c == '_'; }

constexpr size_t kLongestName = 64;

std::string proposed_name(std::string_view text) {
  std::string name;
  for (const char c : text.substr(0, kLongestName)) {
    if (name_letter(c)) {
      name += c;
    } else if (!name.empty() && name.back() != '_') {
      name += '_';
    }
  }
  while (!name.empty() && name.back() == '_') name.pop_back();
  return !name.empty() && letter(name.front()) ? name : std::string();
}

std::string number_text(double number) {
  char digits[32];
  return {digits, std::to_chars(digits, digits + sizeof digits, number).ptr};
}

std::string limit_text(const FieldSpec& spec, double limit) {
  if (spec.kind == FieldKind::duration) return to_text(Duration(std::llround(limit * 1e9)));
  if (spec.kind == FieldKind::size) return size_text(static_cast<uint64_t>(limit));
  if (std::abs(limit) < 9e18 && limit == std::floor(limit)) return std::to_string(static_cast<int64_t>(limit));
  return number_text(limit);
}

Status wrong(const FieldSpec& spec, const std::string& what) { return {Fault::invalid, field_name(spec) + what}; }

// `number` in the unit of the limits: seconds for durations.
Status in_range(const FieldSpec& spec, std::string_view text, double number) {
  if (number >= spec.least && number <= spec.most) return {};
  return wrong(spec, " is " + std::string(text) + ", it must be " + range_text(spec));
}

Status refuse_quotes(const FieldSpec& spec, std::string_view text, bool in_quotes) {
  if (!in_quotes) return {};
  return wrong(spec, " is a text: write " + std::string(text.substr(0, 40)) + " without quotes");
}

Status integer(const FieldSpec& spec, std::string_view text, bool in_quotes, FieldValue& value) {
  const auto number = parse_integer(text);
  if (!number) return wrong(spec, " " + number.status().what());
  if (Status status = refuse_quotes(spec, text, in_quotes); !status) return status;
  if (Status status = in_range(spec, text, static_cast<double>(*number)); !status) return status;
  value = *number;
  return {};
}

Status decimal(const FieldSpec& spec, std::string_view text, bool in_quotes, FieldValue& value) {
  const auto number = parse_number(text);
  if (!number) return wrong(spec, " " + number.status().what());
  if (Status status = refuse_quotes(spec, text, in_quotes); !status) return status;
  if (Status status = in_range(spec, text, *number); !status) return status;
  value = *number;
  return {};
}

Status boolean(const FieldSpec& spec, std::string_view text, bool in_quotes, FieldValue& value) {
  if (text != "true" && text != "false") return wrong(spec, " must be true or false, not " + cited(text));
  if (Status status = refuse_quotes(spec, text, in_quotes); !status) return status;
  value = text == "true";
  return {};
}

Status duration(const FieldSpec& spec, std::string_view text, FieldValue& value) {
  const auto parsed = parse_duration(text);
  if (!parsed) return wrong(spec, ": " + parsed.status().what());
  if (Status status = in_range(spec, text, std::chrono::duration<double>(*parsed).count()); !status) return status;
  value = *parsed;
  return {};
}

Status size(const FieldSpec& spec, std::string_view text, FieldValue& value) {
  const auto parsed = parse_size(text);
  if (!parsed) return wrong(spec, ": " + parsed.status().what());
  if (Status status = in_range(spec, text, static_cast<double>(*parsed)); !status) return status;
  value = static_cast<int64_t>(*parsed);
  return {};
}

Status choice(const FieldSpec& spec, std::string_view text, FieldValue& value) {
  std::string list;
  for (const std::string_view word : spec.words) {
    if (word == text) {
      value = std::string(text);
      return {};
    }
    list += (list.empty() ? "" : ", ") + std::string(word);
  }
  return wrong(spec, " is " + cited(text) + ", it must be one of " + list + did_you_mean(text, spec.words));
}

Status name(const FieldSpec& spec, std::string_view text, FieldValue& value) {
  std::string filled;  // as it may look once its placeholders are filled in
  size_t at = 0;
  while (const auto placeholder = find_placeholder(text, at)) {
    filled += text.substr(at, placeholder->at - at);
    filled += 'x';
    at = placeholder->at + placeholder->length;
  }
  filled += text.substr(at);
  if (Status status = check_name(filled); !status) {
    return wrong(spec, ": " + (filled == text ? status : check_name(text)).what());
  }
  value = std::string(text);
  return {};
}

}  // namespace

Result<int64_t> parse_integer(std::string_view text) {
  const std::string must = "must be a whole number, not " + cited(text);
  const bool negative = text.starts_with('-');
  std::string_view digits = text.substr(negative ? 1 : 0);
  const bool hexadecimal = digits.starts_with("0x") || digits.starts_with("0X");
  if (hexadecimal) digits.remove_prefix(2);
  if (!hexadecimal && digits.size() > 1 && digits.front() == '0' && digit(digits[1])) {
    return {Fault::invalid, must + ": write it without leading zeros"};
  }
  uint64_t magnitude = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), magnitude, hexadecimal ? 16 : 10);
  if (error == std::errc::invalid_argument || end != digits.data() + digits.size()) return {Fault::invalid, must};
  const uint64_t most = (1ull << 63) - (negative ? 0 : 1);
  if (error != std::errc() || magnitude > most) return {Fault::invalid, must + ", which is too large"};
  return negative ? static_cast<int64_t>(~magnitude + 1) : static_cast<int64_t>(magnitude);
}

Result<double> parse_number(std::string_view text) {
  const std::string must = "must be a number, not " + cited(text);
  const std::string_view digits = text.substr(text.starts_with('-') ? 1 : 0);
  if (digits.empty() || !(digit(digits.front()) || digits.front() == '.')) return {Fault::invalid, must};
  if (digits.size() > 1 && digits.front() == '0' && digit(digits[1])) {
    return {Fault::invalid, must + ": write it without leading zeros"};
  }
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error == std::errc() && end == text.data() + text.size() && std::isfinite(number)) return number;
  const bool comma = error == std::errc() && *end == ',';
  return {Fault::invalid, must + (comma ? ": write a point for the comma" : "")};
}

Status check_name(std::string_view text) {
  bool fits = !text.empty() && text.size() <= kLongestName && letter(text.front());
  for (const char c : text) fits = fits && name_letter(c);
  if (fits) return {};
  const std::string proposed = proposed_name(text);
  return {Fault::invalid, cited(text) + " is no name: use letters, digits and '_', a letter first, at most 64" +
                              (proposed.empty() ? "" : ", such as '" + proposed + "'")};
}

Status parse_scalar(const FieldSpec& spec, std::string_view text, bool in_quotes, FieldValue& value) {
  switch (spec.kind) {
    case FieldKind::integer: return integer(spec, text, in_quotes, value);
    case FieldKind::number: return decimal(spec, text, in_quotes, value);
    case FieldKind::boolean: return boolean(spec, text, in_quotes, value);
    case FieldKind::duration: return duration(spec, text, value);
    case FieldKind::size: return size(spec, text, value);
    case FieldKind::choice: return choice(spec, text, value);
    case FieldKind::name: return name(spec, text, value);
    default: value = std::string(text); return {};
  }
}

std::string field_name(const FieldSpec& spec) { return "'" + std::string(spec.name) + "'"; }

std::string range_text(const FieldSpec& spec) {
  const bool low = std::isfinite(spec.least);
  const bool high = std::isfinite(spec.most);
  if (low && high) return limit_text(spec, spec.least) + " to " + limit_text(spec, spec.most);
  if (low) return "at least " + limit_text(spec, spec.least);
  return high ? "at most " + limit_text(spec, spec.most) : "";
}

std::optional<Placeholder> find_placeholder(std::string_view text, size_t from) {
  const size_t open = text.find('{', from);
  if (open == std::string_view::npos) return std::nullopt;
  const size_t close = text.find('}', open);
  if (close == std::string_view::npos) return std::nullopt;
  const std::string_view word = text.substr(open + 1, close - open - 1);
  if (word.empty()) return std::nullopt;
  for (const char c : word) {
    if (!name_letter(c)) return std::nullopt;
  }
  return Placeholder{open, close - open + 1, word};
}

}  // namespace ferrule::config

#include "sdk/fields.h"

#include <cassert>
#include <charconv>

#include "core/units.h"

namespace ferrule {

const FieldSpec* Fields::spec(std::string_view name) const {
  for (const FieldSpec& field : table_) {
    if (field.name == name) return &field;
  }
  return nullptr;
}

const Fields::Entry* Fields::find(std::string_view name) const {
  for (const Entry& entry : entries_) {
    if (entry.spec->name == name) return &entry;
  }
  return nullptr;
}

void Fields::set(std::string_view name, FieldValue value, Mark mark) {
  const FieldSpec* known = spec(name);
  assert(known != nullptr);
  if (known == nullptr) return;
  for (Entry& entry : entries_) {
    if (entry.spec != known) continue;
    entry.value = std::move(value);
    entry.mark = mark;
    return;
  }
  entries_.push_back({known, mark, std::move(value)});
}

namespace {

template <class T>
T parsed(std::string_view text) {
  T number{};
  const bool hex = text.starts_with("0x");
  if constexpr (std::is_integral_v<T>) {
    if (hex) text.remove_prefix(2);
    std::from_chars(text.data(), text.data() + text.size(), number, hex ? 16 : 10);
  } else {
    std::from_chars(text.data(), text.data() + text.size(), number);
  }
  return number;
}

}  // namespace

bool Fields::boolean(std::string_view name) const {
  if (const Entry* entry = find(name)) return std::get<bool>(entry->value);
  const FieldSpec* known = spec(name);
  assert(known != nullptr);
  return known != nullptr && known->initial == "true";
}

int64_t Fields::integer(std::string_view name) const {
  if (const Entry* entry = find(name)) return std::get<int64_t>(entry->value);
  const FieldSpec* known = spec(name);
  assert(known != nullptr);
  if (known == nullptr || known->initial.empty()) return 0;
  if (known->kind != FieldKind::size) return parsed<int64_t>(known->initial);
  const auto bytes = parse_size(known->initial);
  return bytes ? static_cast<int64_t>(*bytes) : 0;
}

double Fields::number(std::string_view name) const {
  if (const Entry* entry = find(name)) return std::get<double>(entry->value);
  const FieldSpec* known = spec(name);
  assert(known != nullptr);
  return known == nullptr ? 0 : parsed<double>(known->initial);
}

Duration Fields::duration(std::string_view name) const {
  if (const Entry* entry = find(name)) return std::get<Duration>(entry->value);
  const FieldSpec* known = spec(name);
  assert(known != nullptr);
  if (known == nullptr || known->initial.empty()) return Duration{0};
  const auto duration = parse_duration(known->initial);
  return duration ? *duration : Duration{0};
}

std::string Fields::text(std::string_view name) const {
  if (const Entry* entry = find(name)) return std::get<std::string>(entry->value);
  const FieldSpec* known = spec(name);
  assert(known != nullptr);
  return known == nullptr ? std::string() : std::string(known->initial);
}

const Texts& Fields::texts(std::string_view name) const {
  static const Texts kNone;
  const Entry* entry = find(name);
  return entry == nullptr ? kNone : std::get<Texts>(entry->value);
}

const Pairs& Fields::pairs(std::string_view name) const {
  static const Pairs kNone;
  const Entry* entry = find(name);
  return entry == nullptr ? kNone : std::get<Pairs>(entry->value);
}

const Fields* Fields::object(std::string_view name) const {
  const auto list = objects(name);
  return list.empty() ? nullptr : list.data();
}

std::span<const Fields> Fields::objects(std::string_view name) const {
  const Entry* entry = find(name);
  if (entry == nullptr) return {};
  return std::get<std::vector<Fields>>(entry->value);
}

Mark Fields::mark(std::string_view name) const {
  const Entry* entry = find(name);
  return entry == nullptr ? mark_ : entry->mark;
}

}  // namespace ferrule

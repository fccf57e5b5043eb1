#include "core/units.h"

#include <array>
#include <charconv>
#include <cmath>

namespace ferrule {

namespace {

struct Unit {
  std::string_view name;
  double worth;
};

constexpr std::array<Unit, 6> kDurations{{{"d", 86400e9}, {"h", 3600e9}, {"min", 60e9}, {"s", 1e9}, {"ms", 1e6}, {"us", 1e3}}};
constexpr std::array<Unit, 7> kSizes{
    {{"GiB", 1073741824}, {"GB", 1e9}, {"MiB", 1048576}, {"MB", 1e6}, {"KiB", 1024}, {"kB", 1e3}, {"B", 1}}};

template <size_t kCount>
Result<double> parse_quantity(std::string_view text, const std::array<Unit, kCount>& units, std::string_view example,
                              double most) {
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, std::chars_format::fixed);
  const std::string_view unit(end, static_cast<size_t>(text.data() + text.size() - end));
  const std::string quoted = "'" + std::string(text) + "'";
  // from_chars takes "nan", "inf" and a sign as well.
  const bool begins_with_digit = !text.empty() && text.front() >= '0' && text.front() <= '9';
  if (error != std::errc() || !begins_with_digit)
    return {Fault::invalid, quoted + " is not a quantity; write it like " + std::string(example)};
  if (unit.empty()) return {Fault::invalid, quoted + " has no unit; write it like " + std::string(example)};
  for (const Unit& known : units) {
    if (known.name != unit) continue;
    if (number * known.worth > most) return {Fault::invalid, quoted + " is too large"};
    return number * known.worth;
  }
  std::string list;
  for (const Unit& known : units) list += (list.empty() ? "" : ", ") + std::string(known.name);
  return {Fault::invalid, quoted + " has an unknown unit '" + std::string(unit) + "'; use one of " + list};
}

template <size_t kCount>
std::string print_quantity(uint64_t quantity, const std::array<Unit, kCount>& units) {
  for (const Unit& unit : units) {
    const auto worth = static_cast<uint64_t>(unit.worth);
    if (quantity >= worth && quantity % worth == 0) return std::to_string(quantity / worth) + std::string(unit.name);
  }
  return {};
}

}  // namespace

Result<Duration> parse_duration(std::string_view text) {
  const auto ns = parse_quantity(text, kDurations, "500ms, 1s, 15min, 2h or 30d", 3155760000e9);
  if (!ns) return ns.status();
  return Duration(std::llround(*ns));
}

Result<uint64_t> parse_size(std::string_view text) {
  const auto bytes = parse_quantity(text, kSizes, "64KiB, 512MiB or 2GB", 9007199254740992.0);
  if (!bytes) return bytes.status();
  return static_cast<uint64_t>(std::llround(*bytes));
}

std::string to_text(Duration duration) {
  if (duration.count() <= 0) return "0s";
  std::string exact = print_quantity(static_cast<uint64_t>(duration.count()), kDurations);
  if (!exact.empty()) return exact;
  return std::to_string(duration.count()) + "ns";
}

std::string size_text(uint64_t bytes) { return bytes == 0 ? "0B" : print_quantity(bytes, kSizes); }

}  // namespace ferrule

#include "modbus/refusals_text.h"

#include <algorithm>
#include <array>
#include <optional>
#include <sstream>

namespace ferrule::modbus {

namespace {

constexpr std::array kAreas{Area::coil, Area::discrete, Area::input, Area::holding};

std::optional<Area> area_named(std::string_view name) {
  const auto at = std::ranges::find(kAreas, name, [](Area area) { return to_text(area); });
  if (at == kAreas.end()) return std::nullopt;
  return *at;
}

struct TextLine {
  unsigned unit = 256;
  std::string area;
  uint32_t start = 0;
  uint32_t end = 0;
};

bool in_space(const TextLine& line) {
  return line.unit < 256 && area_named(line.area) && line.start < line.end && line.end <= kAddressSpace;
}

}  // namespace

std::string to_text(const LearntText& learnt) {
  std::ostringstream text;
  for (const Refused& one : learnt.refused) {
    text << "refused " << unsigned{one.unit} << ' ' << to_text(one.area) << ' ' << one.start << ' ' << one.end << ' '
         << unsigned{one.code} << ' ' << unix_ms(one.retry_at) << '\n';
  }
  for (const Wall& wall : learnt.walls) {
    text << "wall " << unsigned{wall.unit} << ' ' << to_text(wall.area) << ' ' << wall.address << ' ' << unix_ms(wall.retry_at)
         << '\n';
  }
  return text.str();
}

LearntText parse_learnt(std::string_view text) {
  LearntText learnt;
  std::istringstream lines{std::string(text)};
  for (std::string one; std::getline(lines, one);) {
    std::istringstream words(one);
    std::string kind;
    TextLine line;
    words >> kind >> line.unit >> line.area >> line.start;
    unsigned code = 256;
    int64_t retry_ms = 0;
    if (kind == "wall" && words >> retry_ms) {
      line.end = line.start + 1;
      const auto unit = static_cast<uint8_t>(line.unit);
      if (in_space(line)) learnt.walls.push_back({unit, *area_named(line.area), line.start, from_unix_ms(retry_ms)});
    }
    if (kind == "refused" && words >> line.end >> code >> retry_ms && code < 256 && in_space(line)) {
      learnt.refused.push_back({static_cast<uint8_t>(line.unit), *area_named(line.area), line.start, line.end,
                                static_cast<uint8_t>(code), from_unix_ms(retry_ms)});
    }
  }
  return learnt;
}

}  // namespace ferrule::modbus

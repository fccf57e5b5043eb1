#include "simulator/registers.h"

#include <algorithm>
#include <string>

namespace ferrule::simulator {

namespace {

constexpr uint32_t kRegistersInArea = 65536;

void encode_item(const Row& row, uint32_t n, Duration since, std::span<uint16_t> words) {
  if (row.shape.kind == ShapeKind::text) {
    encode_text(row.format, row.shape.text, words);
  } else {
    encode_number(row.format, number_at(row.shape, since, n), words);
  }
}

}  // namespace

size_t Registers::covering(const Rows& rows, uint32_t at) {
  const auto after = std::upper_bound(rows.begin(), rows.end(), at,
                                      [](uint32_t place, const Stored& stored) { return place < stored.row.first; });
  if (after == rows.begin()) return rows.size();
  const auto candidate = std::prev(after);
  return at < candidate->row.end() ? static_cast<size_t>(candidate - rows.begin()) : rows.size();
}

Status Registers::add(Row row) {
  // 64 bits: a row of 65536 items of four registers is still a number here.
  const uint64_t end = row.first + uint64_t{row.items} * row.width();
  if (end > kRegistersInArea) {
    return {Fault::invalid, "the row ends at register " + std::to_string(end - 1) + ", the last one there is is 65535"};
  }
  Rows& rows = this->rows(row.area);
  const auto after = std::find_if(rows.begin(), rows.end(), [&](const Stored& other) { return other.row.first >= row.first; });
  const bool into_next = after != rows.end() && after->row.first < end;
  const bool from_previous = after != rows.begin() && std::prev(after)->row.end() > row.first;
  if (into_next || from_previous) {
    const Row& other = into_next ? after->row : std::prev(after)->row;
    return {Fault::invalid, "overlaps the registers " + std::to_string(other.first) + ".." + std::to_string(other.end() - 1) +
                                " that are described already"};
  }
  rows.insert(after, {std::move(row), {}});
  return {};
}

// Fills `words` with this row's registers from `at` on; all of them are the row's own.
void Registers::read_row(const Stored& stored, uint32_t at, Duration since, std::span<uint16_t> words) {
  const Row& row = stored.row;
  const uint32_t width = row.format.width();
  std::array<uint16_t, kMaxWidth> item{};
  const std::span whole = std::span(item).first(width);
  uint32_t place = at - row.first;  // of the register within the row
  for (size_t filled = 0; filled < words.size();) {
    encode_item(row, place / width, since, whole);
    for (uint32_t i = place % width; i < width && filled < words.size(); ++i, ++place) {
      const bool kept = !stored.written.empty() && stored.written[place].has_value();
      words[filled++] = kept ? *stored.written[place] : item[i];
    }
  }
}

bool Registers::read(Area area, uint16_t first, Duration since, std::span<uint16_t> words) const {
  const Rows& rows = this->rows(area);
  const uint32_t end = first + static_cast<uint32_t>(words.size());
  uint32_t at = first;
  for (size_t index = covering(rows, at); at < end; ++index) {
    if (index >= rows.size() || rows[index].row.first > at) return false;
    const uint32_t stop = std::min(end, rows[index].row.end());
    read_row(rows[index], at, since, words.subspan(at - first, stop - at));
    at = stop;
  }
  return true;
}

bool Registers::write(Area area, uint16_t first, std::span<const uint16_t> words) {
  Rows& rows = this->rows(area);
  const uint32_t end = first + static_cast<uint32_t>(words.size());
  const size_t begin_row = covering(rows, first);
  uint32_t covered = first;
  for (size_t index = begin_row; covered < end; ++index) {
    if (index >= rows.size() || rows[index].row.first > covered) return false;
    covered = rows[index].row.end();
  }
  uint32_t at = first;
  for (size_t index = begin_row; at < end; ++index) {
    Stored& stored = rows[index];
    stored.written.resize(stored.row.items * stored.row.width());
    for (; at < std::min(end, stored.row.end()); ++at) stored.written[at - stored.row.first] = words[at - first];
  }
  return true;
}

}  // namespace ferrule::simulator

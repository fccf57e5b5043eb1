// The registers of one simulated device: rows of values side by side, computed when somebody reads them. What was written
// stays, register by register, until the plant is built again.
//
// One thread.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "core/clock.h"
#include "core/status.h"
#include "simulator/address.h"
#include "simulator/format.h"
#include "simulator/shape.h"

namespace ferrule::simulator {

// `items` values of one type, one behind the other from register `first`.
struct Row {
  Area area = Area::holding;
  uint16_t first = 0;
  uint32_t items = 1;
  Format format;
  Shape shape;

  uint32_t width() const { return format.width(); }  // registers (or bits) that one item takes
  uint32_t end() const { return first + items * width(); }
};

class Registers {
 public:
  // invalid: the row reaches beyond 65535 or overlaps another; nothing is added then.
  Status add(Row row);

  // Fills `words` with the registers (or the bits, as 0 and 1) from `first` on, all of the same moment. False when one of them
  // does not exist; `words` is unspecified then.
  bool read(Area area, uint16_t first, Duration since, std::span<uint16_t> words) const;

  // All or nothing: false when one of them does not exist.
  bool write(Area area, uint16_t first, std::span<const uint16_t> words);

  // As after a restart: what was written is gone.
  void forget() {
    for (Rows& rows : areas_) {
      for (Stored& stored : rows) stored.written.clear();
    }
  }

 private:
  struct Stored {
    Row row;
    std::vector<std::optional<uint16_t>> written;  // empty until the first write
  };
  using Rows = std::vector<Stored>;  // sorted, without overlap

  Rows& rows(Area area) { return areas_[static_cast<size_t>(area)]; }
  const Rows& rows(Area area) const { return areas_[static_cast<size_t>(area)]; }
  static void read_row(const Stored& stored, uint32_t at, Duration since, std::span<uint16_t> words);
  static size_t covering(const Rows& rows, uint32_t at);  // index of the row that has register `at`; rows.size() if none

  std::array<Rows, 4> areas_;
};

}  // namespace ferrule::simulator

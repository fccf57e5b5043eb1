// The cuts of one reply, in order. What lies in a row (tags with successive numbers, values of one kind one behind the other) is
// kept once: most of what large plants read does, and 300,000 cuts would take 12 MB. Pure.
#pragma once

#include <cstddef>
#include <iterator>
#include <span>
#include <vector>

#include "modbus/cut.h"

namespace ferrule::modbus {

class Cuts {
  struct Row {
    Cut first;
    uint32_t count = 1;
    Cut operator[](uint32_t nth) const {
      Cut cut = first;
      cut.tag = TagId{index_of(first.tag) + nth};
      cut.at += nth * (first.bytes == 0 ? 1 : first.bytes);
      return cut;
    }
  };

 public:
  Cuts() = default;
  explicit Cuts(std::span<const Cut> cuts);

  class Iterator {
   public:
    using iterator_category = std::input_iterator_tag;
    using value_type = Cut;
    using difference_type = std::ptrdiff_t;
    using pointer = void;
    using reference = Cut;

    Iterator() = default;
    explicit Iterator(const Row* row) : row_(row) {}
    Cut operator*() const { return (*row_)[nth_]; }
    Iterator& operator++() {
      if (++nth_ == row_->count) ++row_, nth_ = 0;
      return *this;
    }
    Iterator operator++(int) {
      const Iterator before = *this;
      ++*this;
      return before;
    }
    bool operator==(const Iterator&) const = default;

   private:
    const Row* row_ = nullptr;
    uint32_t nth_ = 0;
  };

  Iterator begin() const { return Iterator(rows_.data()); }
  Iterator end() const { return Iterator(rows_.data() + rows_.size()); }
  bool empty() const { return rows_.empty(); }
  size_t rows() const { return rows_.size(); }  // that are kept

 private:
  std::vector<Row> rows_;
};

}  // namespace ferrule::modbus

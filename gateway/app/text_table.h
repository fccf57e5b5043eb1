// Rows of text in columns that line up, for people at a terminal.
#pragma once

#include <cstdio>
#include <string>
#include <vector>

#include "core/clock.h"

namespace ferrule {

class TextTable {
 public:
  // A heading that begins with '>' is a column of numbers: aligned to the right.
  explicit TextTable(std::vector<std::string> headings);
  void add(std::vector<std::string> row);  // as many cells as headings; control characters are shown as '?'
  bool empty() const { return rows_.size() == 1; }
  void print(std::FILE* out) const;

 private:
  std::vector<std::vector<std::string>> rows_;  // the first is the headings
  std::vector<bool> numbers_;
};

// "12.5" of 12.5 ms.
std::string milliseconds(Duration time);

// What came from outside, made harmless for a terminal.
std::string printable(std::string text);

}  // namespace ferrule

#include "app/text_table.h"

#include <algorithm>

namespace ferrule {

namespace {

// Letters as a terminal counts them: bytes that do not continue a UTF-8 sequence.
size_t width(const std::string& text) {
  return static_cast<size_t>(std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

}  // namespace

std::string milliseconds(Duration time) {
  char text[32];
  std::snprintf(text, sizeof text, "%.1f", std::chrono::duration<double, std::milli>(time).count());
  return text;
}

std::string printable(std::string text) {
  for (char& c : text) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = '?';
  }
  return text;
}

TextTable::TextTable(std::vector<std::string> headings) {
  for (std::string& heading : headings) {
    numbers_.push_back(heading.starts_with('>'));
    if (numbers_.back()) heading.erase(0, 1);
  }
  rows_.push_back(std::move(headings));
}

void TextTable::add(std::vector<std::string> row) {
  row.resize(numbers_.size());
  for (std::string& cell : row) cell = printable(std::move(cell));
  rows_.push_back(std::move(row));
}

void TextTable::print(std::FILE* out) const {
  std::vector<size_t> widths(numbers_.size());
  for (const auto& row : rows_) {
    for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], width(row[i]));
  }
  std::string line;
  for (const auto& row : rows_) {
    line.clear();
    for (size_t i = 0; i < row.size(); ++i) {
      const std::string blank(widths[i] - width(row[i]), ' ');
      line += numbers_[i] ? blank + row[i] : row[i] + blank;
      line += "  ";
    }
    line.erase(line.find_last_not_of(' ') + 1);
    std::fprintf(out, "%s\n", line.c_str());
  }
}

}  // namespace ferrule

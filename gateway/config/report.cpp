#include "config/report.h"

#include <algorithm>
#include <tuple>
#include <utility>

namespace ferrule::config {

void Report::add(Mark mark, std::string what) {
  if (full()) return;
  for (const Complaint& known : complaints_) {
    if (known.mark == mark && known.what == what) return;  // a profile is read once for each device that uses it
  }
  complaints_.push_back({mark, std::move(what)});
}

void Report::add_all(const Complaints& complaints) {
  for (const Complaint& complaint : complaints) add(complaint.mark, complaint.what);
}

Complaints Report::take() {
  std::stable_sort(complaints_.begin(), complaints_.end(), [](const Complaint& a, const Complaint& b) {
    return std::tie(a.mark.file, a.mark.line, a.mark.column) < std::tie(b.mark.file, b.mark.line, b.mark.column);
  });
  return std::exchange(complaints_, {});
}

std::string cited(std::string_view word) {
  constexpr size_t kLongest = 80;
  const bool cut = word.size() > kLongest;
  if (cut) word = word.substr(0, kLongest);
  while (cut && !word.empty() && (static_cast<uint8_t>(word.back()) & 0x80) != 0) word.remove_suffix(1);  // no half letters
  std::string out = "'";
  for (const char c : word) out += static_cast<uint8_t>(c) < 0x20 || c == 0x7f ? '?' : c;
  out += cut ? "...'" : "'";
  return out;
}

}  // namespace ferrule::config

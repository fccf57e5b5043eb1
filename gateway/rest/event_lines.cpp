#include "rest/event_lines.h"

#include <algorithm>

namespace ferrule {

Status EventLines::take(std::string_view piece, const std::function<bool(std::string_view)>& event, bool& more) {
  constexpr size_t kLongest = 1u << 20;
  constexpr std::string_view kField = "data: ";
  more = true;
  while (more) {
    const size_t end = piece.find('\n');
    if (line_.size() + std::min(end, piece.size()) > kLongest) return {Fault::full, "the gateway sends a line over 1 MiB"};
    line_ += piece.substr(0, end);
    if (end == std::string_view::npos) return {};
    piece.remove_prefix(end + 1);
    if (line_.starts_with(kField)) more = event(std::string_view(line_).substr(kField.size()));
    line_.clear();
  }
  return {};
}

}  // namespace ferrule

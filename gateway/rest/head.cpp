#include "rest/head.h"

#include <algorithm>
#include <string>

namespace ferrule {

namespace {

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kBlank = " \t";
  const size_t begin = text.find_first_not_of(kBlank);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kBlank) - begin + 1);
}

bool digits(std::string_view text) { return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos; }

class Framing {
 public:
  Status take(std::string_view line) {
    const size_t colon = line.find(':');
    const std::string name = lower(line.substr(0, colon));
    const std::string value = lower(trimmed(colon == std::string_view::npos ? "" : line.substr(colon + 1)));
    if (name == "content-length") {
      ++lengths_;
      if (!digits(value)) return {Fault::invalid, "a Content-Length is one number"};
    }
    if (name == "transfer-encoding") {
      ++encodings_;
      if (value != "chunked") return {Fault::invalid, "the only Transfer-Encoding here is chunked"};
    }
    if (lengths_ > 1 || encodings_ > 1) return {Fault::invalid, "the length of the body is given twice"};
    if (lengths_ + encodings_ > 1) return {Fault::invalid, "Content-Length and Transfer-Encoding exclude each other"};
    return {};
  }

 private:
  int lengths_ = 0, encodings_ = 0;
};

bool broken_line(std::string_view line) { return line.find_first_of(std::string_view("\r\n\0", 3)) != std::string_view::npos; }

}  // namespace

Status check_head(std::string_view head) {
  Framing framing;
  bool first = true;
  while (true) {
    const size_t end = head.find("\r\n");
    const std::string_view line = head.substr(0, end);
    if (broken_line(line)) return {Fault::invalid, "a line of the header has a lone CR, LF or NUL"};
    if (!first) {
      if (line.empty() || line.front() == ' ' || line.front() == '\t')
        return {Fault::invalid, "folded header lines are obsolete"};
      if (Status status = framing.take(line); !status.ok()) return status;
    }
    first = false;
    if (end == std::string_view::npos) return {};
    head.remove_prefix(end + 2);
  }
}

}  // namespace ferrule

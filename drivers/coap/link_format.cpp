#include "coap/link_format.h"

#include <charconv>

namespace ferrule::coap {

namespace {

class LinkReader {
 public:
  explicit LinkReader(std::string_view text) : text_(text) {}

  Result<std::vector<Link>> read() {
    std::vector<Link> links;
    skip_spaces();
    while (at_ < text_.size()) {
      if (links.size() == kMostLinks) return Status(Fault::full, "more than " + std::to_string(kMostLinks) + " links");
      Link link;
      if (!link_value(link)) {
        return Status(Fault::bad_reply, "the list of resources cannot be read at letter " + std::to_string(at_ + 1));
      }
      links.push_back(std::move(link));
      skip_spaces();
      if (at_ < text_.size() && !take(',')) {
        return Status(Fault::bad_reply, "a comma is missing at letter " + std::to_string(at_ + 1));
      }
      skip_spaces();
    }
    return links;
  }

 private:
  bool link_value(Link& link) {
    if (!take('<')) return false;
    const size_t end = text_.find('>', at_);
    if (end == std::string_view::npos) return false;
    link.path = text_.substr(at_, end - at_);
    at_ = end + 1;
    for (skip_spaces(); take(';'); skip_spaces()) {
      skip_spaces();
      if (!parameter(link)) return false;
    }
    return true;
  }

  bool parameter(Link& link) {
    const size_t begin = at_;
    while (at_ < text_.size() && text_.substr(at_, 1).find_first_of("=;, \t\r\n\"<>") != 0) ++at_;
    const std::string_view name = text_.substr(begin, at_ - begin);
    if (name.empty()) return false;
    std::string value;
    if (take('=') && !parameter_value(value)) return false;
    if (name == "obs") link.observable = true;
    if (name == "title") link.title = value;
    if (name == "rt") link.type = value;
    if (name == "if") link.interface = value;
    if (name == "ct") add_formats(value, link.formats);
    return true;
  }

  bool parameter_value(std::string& value) {
    if (!take('"')) {
      const size_t begin = at_;
      while (at_ < text_.size() && text_.substr(at_, 1).find_first_of(";, \t\r\n\"<>") != 0) ++at_;
      value = text_.substr(begin, at_ - begin);
      return !value.empty();
    }
    while (at_ < text_.size() && text_[at_] != '"') {
      if (text_[at_] == '\\' && ++at_ == text_.size()) return false;
      value += text_[at_++];
    }
    return take('"');
  }

  static void add_formats(std::string_view value, std::vector<int>& formats) {
    while (!value.empty() && formats.size() < 16) {
      int number = 0;
      const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
      if (error != std::errc() || number < 0 || number > 65535) return;
      formats.push_back(number);
      value.remove_prefix(static_cast<size_t>(end - value.data()));
      while (value.starts_with(' ')) value.remove_prefix(1);
    }
  }

  bool take(char letter) {
    if (at_ >= text_.size() || text_[at_] != letter) return false;
    ++at_;
    return true;
  }
  void skip_spaces() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\t' || text_[at_] == '\r' || text_[at_] == '\n')) ++at_;
  }

  std::string_view text_;
  size_t at_ = 0;
};

}  // namespace

Result<std::vector<Link>> read_links(std::string_view text) { return LinkReader(text).read(); }

}  // namespace ferrule::coap

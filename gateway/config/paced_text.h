// The text of a file as the stream that yaml-cpp reads from.
#pragma once

#include <algorithm>
#include <streambuf>
#include <string_view>

#include "config/document_parser.h"

namespace ferrule::config {

// Hands the text to yaml-cpp, and ends it where the scanner has run kLongestPiece ahead of the last event.
class PacedText final : public std::streambuf {
 public:
  explicit PacedText(std::string_view text) : text_(text) {}
  void event_at(size_t at) { last_event_ = std::max(last_event_, at); }
  bool ran_ahead() const { return ran_ahead_; }

 protected:
  std::streamsize xsgetn(char* to, std::streamsize count) override {
    if (at_ > last_event_ + kLongestPiece) ran_ahead_ = true;
    if (ran_ahead_) return 0;
    const size_t copied = text_.copy(to, static_cast<size_t>(count), at_);
    at_ += copied;
    return static_cast<std::streamsize>(copied);
  }
  // yaml-cpp looks at the first bytes one by one, for a byte order mark.
  int_type underflow() override { return at_ < text_.size() ? traits_type::to_int_type(text_[at_]) : traits_type::eof(); }
  int_type uflow() override { return at_ < text_.size() ? traits_type::to_int_type(text_[at_++]) : traits_type::eof(); }
  int_type pbackfail(int_type) override {
    if (at_ == 0) return traits_type::eof();
    return traits_type::to_int_type(text_[--at_]);
  }

 private:
  std::string_view text_;
  size_t at_ = 0;
  size_t last_event_ = 0;
  bool ran_ahead_ = false;
};

}  // namespace ferrule::config

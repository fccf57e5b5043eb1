// Collects complaints while a configuration is read: at most kMost, each place and sentence once.
#pragma once

#include <string>

#include "sdk/fields.h"

namespace ferrule::config {

class Report {
 public:
  static constexpr size_t kMost = 100;

  void add(Mark mark, std::string what);
  void add_all(const Complaints& complaints);

  // Loops over a user's entries stop here, so that a file with a million mistakes costs no more than one with a hundred.
  bool full() const { return complaints_.size() >= kMost; }
  size_t count() const { return complaints_.size(); }

  Complaints take();  // in order of place

 private:
  Complaints complaints_;
};

// 'word': how a message shows what a user wrote, cut to a length that fits a line, control characters shown as '?'.
std::string cited(std::string_view word);

}  // namespace ferrule::config

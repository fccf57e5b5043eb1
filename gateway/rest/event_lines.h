// Takes the lines of an event stream apart: the `data` of each event, whatever pieces it comes in.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "core/status.h"

namespace ferrule {

class EventLines {
 public:
  // Calls `event` for each `data:` line that is complete now (our server never splits an event's data into lines); sets `more` to
  // false once `event` returned false. Fault::full: a line over 1 MiB.
  Status take(std::string_view piece, const std::function<bool(std::string_view)>& event, bool& more);

 private:
  std::string line_;
};

}  // namespace ferrule

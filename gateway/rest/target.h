// The target of a request, taken apart: "/api/v1/values?device=boiler" -> segments and query.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/status.h"

namespace ferrule {

struct Target {
  std::string path;                   // as sent, without the query; for messages
  std::vector<std::string> segments;  // decoded; "/" has none, "/a/" has "a" and ""
  std::vector<std::pair<std::string, std::string>> query;

  std::vector<std::string> all(std::string_view key) const;
};

// Invalid: not in origin form ("/..."), a broken escape, or a control character, escaped or not.
Result<Target> parse_target(std::string_view text);

// "a b/c" -> "a%20b%2Fc", for whoever makes a target.
std::string percent_encoded(std::string_view text);

}  // namespace ferrule

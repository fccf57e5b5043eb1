// The list of a device's resources at /.well-known/core (RFC 6690). Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/status.h"

namespace ferrule::coap {

struct Link {
  std::string path;                    // "/sensors/temp"
  std::string title, type, interface;  // title, rt, if: as the device wrote them, several parted by spaces
  std::vector<int> formats;            // ct
  bool observable = false;
};

constexpr size_t kMostLinks = 1000;

// bad_reply: not link-format; the text says at which letter.
Result<std::vector<Link>> read_links(std::string_view text);

}  // namespace ferrule::coap

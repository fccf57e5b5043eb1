// What the HTTP parser would forgive in the head of a request, and two readers could understand differently.
#pragma once

#include <string_view>

#include "core/status.h"

namespace ferrule {

// `head` is everything before the empty line. Invalid: a folded line, a line without its CR or LF, a NUL, Content-Length given
// twice or as anything but digits, Content-Length together with Transfer-Encoding, or a Transfer-Encoding other than chunked.
Status check_head(std::string_view head);

}  // namespace ferrule

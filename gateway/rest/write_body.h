// The body of PUT /api/v1/values/{tag}: {"value": 65, "id": "...", "expires_in": "10s"}.
#pragma once

#include <string_view>

#include "core/status.h"
#include "rest/gateway_api.h"

namespace ferrule {

inline constexpr Duration kLongestWrite{std::chrono::seconds(60)};

// Read as events, without a document: a body that nests, names a key twice, or has an unknown key is refused, whatever its depth.
// Whole numbers arrive as int64 where they fit, else as uint64, else as a double.
Result<WriteRequest> parse_write(std::string_view tag, std::string_view body);

}  // namespace ferrule

// The body of POST /api/v1/channels/{name}/probe: {"unit": 5, "address": "holding:0", "count": 2, "timeout": "500ms"}.
#pragma once

#include <string_view>

#include "rest/http.h"
#include "sdk/prober.h"

namespace ferrule {

// invalid: no JSON, an unknown key, a value of another kind.
Result<ProbeQuestion> parse_probe(std::string_view body);

// 200 with the bytes in hexadecimal, or with the device's refusal; 504: no answer, or none that could be right; 503: the link is
// down; 400: it cannot be asked.
HttpReply answer_probe(const ProbeAnswer& answer);

}  // namespace ferrule

// The counters and gauges of the gateway in the Prometheus text format (version 0.0.4).
#pragma once

#include <string>

#include "rest/counters.h"
#include "rest/gateway_api.h"

namespace ferrule {

inline constexpr std::string_view kMetricsType = "text/plain; version=0.0.4; charset=utf-8";

std::string metrics_text(const GatewayApi& api, const RestCounters& rest);

}  // namespace ferrule

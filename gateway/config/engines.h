// Rules, uplinks and the small sections.
#pragma once

#include <span>
#include <vector>

#include "config/document.h"
#include "config/load_context.h"

namespace ferrule::config {

std::vector<RuleSettings> build_rules(std::span<const Node> entries, LoadContext& context);
std::vector<UplinkSettings> build_uplinks(std::span<const Node> entries, LoadContext& context);

// Each takes its section or no node, and then gives the defaults.
std::string build_gateway_id(Node gateway, LoadContext& context);
OutboxSettings build_outbox(Node outbox, LoadContext& context);
RestSettings build_rest(Node rest, LoadContext& context);
std::string build_log_level(Node log, LoadContext& context);

}  // namespace ferrule::config

// What operators ask of the outbox while it runs: see GatewayApi. REST thread; waits for the outbox's thread, at most
// OutboxThread::kPatience.
#pragma once

#include <string_view>
#include <vector>

#include "rest/gateway_api.h"

namespace ferrule {

class Gateway;

Result<std::vector<OutboxRecord>> read_outbox(Gateway& gateway, OutboxPart part, std::string_view uplink, uint64_t after);
Result<uint64_t> purge_outbox(Gateway& gateway, OutboxPart part, std::string_view uplink);

}  // namespace ferrule

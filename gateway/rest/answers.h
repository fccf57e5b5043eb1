// What each route answers that only reads, and reload. REST thread.
#pragma once

#include <string>

#include "rest/counters.h"
#include "rest/gateway_api.h"
#include "rest/http.h"

namespace ferrule {

struct RouteCall {
  const HttpRequest& request;
  std::string argument;  // what stood for {name} in the path
  GatewayApi& api;
  const RestCounters& counters;
};

HttpReply answer_hint(const RouteCall& call);
HttpReply answer_status(const RouteCall& call);
HttpReply answer_health(const RouteCall& call);
HttpReply answer_channels(const RouteCall& call);
HttpReply answer_channel(const RouteCall& call);
HttpReply answer_frames(const RouteCall& call);
HttpReply answer_devices(const RouteCall& call);
HttpReply answer_device(const RouteCall& call);
HttpReply answer_values(const RouteCall& call);
HttpReply answer_value(const RouteCall& call);
HttpReply answer_uplinks(const RouteCall& call);
HttpReply answer_outbox(const RouteCall& call);
HttpReply answer_outbox_waiting(const RouteCall& call);
HttpReply answer_dead_letters(const RouteCall& call);
HttpReply answer_purge_waiting(const RouteCall& call);
HttpReply answer_purge_dead_letters(const RouteCall& call);
HttpReply answer_metrics(const RouteCall& call);
HttpReply answer_reload(const RouteCall& call);

// The answer to a write: 200 done; 409 refused by the device; 503 failed or expired (nothing happened: safe to repeat); 504
// unknown (it was sent and nobody answered: it may have happened).
HttpReply answer_write(const WriteReply& outcome);

}  // namespace ferrule

// The command line's side of the REST API: one blocking request over the gateway's Unix socket.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "core/clock.h"
#include "core/status.h"

namespace ferrule {

struct RestReply {
  int status = 0;  // HTTP
  std::string body;
};

// Fault::disconnected when no gateway listens there; its text says what to do.
Result<RestReply> rest_call(const std::string& socket, std::string_view method, std::string_view target, std::string_view body,
                            Duration timeout);

// Calls `event` with the data of each server-sent event until it returns false or the connection ends.
Status rest_stream(const std::string& socket, std::string_view target, const std::function<bool(std::string_view)>& event);

}  // namespace ferrule

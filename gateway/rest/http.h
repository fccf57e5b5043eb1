// A request and its answer as the routes see them: plain text, without the HTTP library.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/status.h"
#include "rest/target.h"

namespace ferrule {

enum class Door : uint8_t { tcp, unix_socket };

struct HttpRequest {
  Door door = Door::tcp;
  std::string_view method;
  Target target;
  std::string_view host, origin, authorization;  // as sent; empty: absent
  size_t hosts = 0;                              // how many Host fields there were
  std::string_view body;
};

struct HttpReply {
  unsigned status = 200;
  std::string_view content_type = "application/json";  // of static storage
  std::string body;
  std::string allow;  // of a 405
};

// {"error": "...", "hint": "..."}; without a hint when it is empty.
HttpReply error_reply(unsigned status, std::string_view error, std::string_view hint = {});

// The status that a failed call of GatewayApi answers with: invalid 400, not_found 404, refused 409, full and the like 503.
HttpReply error_reply(const Status& status);

}  // namespace ferrule

// The table of routes, and which of them a request means. The table in the README is tested against this one.
#pragma once

#include <span>
#include <string_view>
#include <variant>

#include "rest/answers.h"

namespace ferrule {

enum class RouteKind : uint8_t {
  answer,  // `answer` makes the whole reply at once
  write,   // the reply comes when the device has answered
  probe,   // as write
  live,    // an event stream
};

struct Route {
  std::string_view method, path, help;
  RouteKind kind = RouteKind::answer;
  HttpReply (*answer)(const RouteCall&) = nullptr;
  bool needs_token = false;                      // over TCP
  std::span<const std::string_view> query = {};  // the parameters that it knows; each may be repeated
};

std::span<const Route> routes();

struct RouteMatch {
  const Route* route = nullptr;
  std::string argument;
};

// The route, or why there is none: 404 with the nearest path, 405 with Allow, 400 for a parameter that it does not know.
// HEAD means the GET route of the path.
std::variant<RouteMatch, HttpReply> match_route(const HttpRequest& request);

}  // namespace ferrule

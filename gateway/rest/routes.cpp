#include "rest/routes.h"

#include <algorithm>
#include <array>
#include <optional>

#include "core/nearest.h"

namespace ferrule {

namespace {

using std::string_view;

constexpr std::array<string_view, 2> kValuesQuery = {"device", "tag"};
constexpr std::array<string_view, 1> kLiveQuery = {"tag"};
constexpr std::array<string_view, 2> kOutboxQuery = {"uplink", "after"};
constexpr std::array<string_view, 1> kPurgeQuery = {"uplink"};
constexpr auto kAnswer = RouteKind::answer;

constexpr Route kRoutes[] = {
    {"GET", "/", "One line that says where to look.", kAnswer, answer_hint},
    {"GET", "/metrics", "Counters and gauges for Prometheus.", kAnswer, answer_metrics},
    {"GET", "/api/v1/status", "Everything an operator asks first, in one answer.", kAnswer, answer_status},
    {"GET", "/api/v1/health", "200 when healthy, 503 with the problems when not.", kAnswer, answer_health},
    {"GET", "/api/v1/channels", "All channels.", kAnswer, answer_channels},
    {"GET", "/api/v1/channels/{name}", "One channel, with the plan of its requests.", kAnswer, answer_channel},
    {"GET", "/api/v1/channels/{name}/frames", "Its last exchanges as they crossed the wire, oldest first.", kAnswer,
     answer_frames},
    {"POST", "/api/v1/channels/{name}/probe", "Reads registers of any unit over the channel, between its polls.",
     RouteKind::probe, nullptr, true},
    {"GET", "/api/v1/devices", "All devices.", kAnswer, answer_devices},
    {"GET", "/api/v1/devices/{name}", "One device.", kAnswer, answer_device},
    {"GET", "/api/v1/values", "The latest value of every tag, or of ?device= and ?tag= only.", kAnswer, answer_values, false,
     kValuesQuery},
    {"GET", "/api/v1/values/{tag}", "The latest value of one tag (device.tag).", kAnswer, answer_value},
    {"PUT", "/api/v1/values/{tag}", "Writes a value to the device and answers with the outcome.", RouteKind::write, nullptr,
     true},
    {"GET", "/api/v1/uplinks", "All uplinks.", kAnswer, answer_uplinks},
    {"GET", "/api/v1/outbox", "What waits on disk and in memory.", kAnswer, answer_outbox},
    {"GET", "/api/v1/outbox/waiting", "What ?uplink= has not acknowledged, at most 200 records beyond ?after= at a time.",
     kAnswer, answer_outbox_waiting, false, kOutboxQuery},
    {"GET", "/api/v1/outbox/dead_letters", "What a receiver has refused for good, with its words, as above.", kAnswer,
     answer_dead_letters, false, kOutboxQuery},
    {"DELETE", "/api/v1/outbox/waiting", "Gives up what ?uplink= has not acknowledged; a loss record says so.", kAnswer,
     answer_purge_waiting, true, kPurgeQuery},
    {"DELETE", "/api/v1/outbox/dead_letters", "Forgets all dead letters.", kAnswer, answer_purge_dead_letters, true},
    {"GET", "/api/v1/live", "An event stream of values as they are read, all or ?tag= only.", RouteKind::live, nullptr, false,
     kLiveQuery},
    {"POST", "/api/v1/reload", "Reads the configuration file again, as SIGHUP does.", kAnswer, answer_reload, true},
};

// Whether `path` has the form of `pattern`; sets `argument` to what stands for {name}.
bool fits(string_view pattern, const std::vector<std::string>& segments, std::string& argument) {
  pattern.remove_prefix(1);
  size_t at = 0;
  while (!pattern.empty()) {
    const size_t slash = std::min(pattern.find('/'), pattern.size());
    const string_view part = pattern.substr(0, slash);
    if (at == segments.size()) return false;
    if (part.front() == '{') {
      if (segments[at].empty()) return false;
      argument = segments[at];
    } else if (segments[at] != part) {
      return false;
    }
    ++at;
    pattern.remove_prefix(std::min(slash + 1, pattern.size()));
  }
  return at == segments.size();
}

bool takes(const Route& route, string_view method) {
  return route.method == method || (method == "HEAD" && route.method == "GET" && route.kind == RouteKind::answer);
}

HttpReply not_found(const Target& target) {
  std::vector<string_view> paths;
  for (const Route& route : kRoutes) paths.push_back(route.path);
  const string_view guess = nearest(target.path, paths);
  return error_reply(404, "there is nothing at this path",
                     guess.empty() ? "try /api/v1/status" : "did you mean " + std::string(guess) + "?");
}

HttpReply wrong_method(std::string allow) {
  HttpReply reply = error_reply(405, "this path does not take that method", "it takes " + allow);
  reply.allow = std::move(allow);
  return reply;
}

std::optional<HttpReply> refuse_query(const Route& route, const Target& target) {
  for (const auto& [key, value] : target.query) {
    if (std::ranges::find(route.query, key) != route.query.end()) continue;
    return error_reply(400, "this path has no parameter '" + key + "'" + did_you_mean(key, route.query));
  }
  return {};
}

}  // namespace

std::span<const Route> routes() { return kRoutes; }

std::variant<RouteMatch, HttpReply> match_route(const HttpRequest& request) {
  std::string allow;
  for (const Route& route : kRoutes) {
    RouteMatch match{&route, {}};
    if (!fits(route.path, request.target.segments, match.argument)) continue;
    if (!takes(route, request.method)) {
      allow += (allow.empty() ? "" : ", ") + std::string(route.method);
      continue;
    }
    if (auto refusal = refuse_query(route, request.target)) return *std::move(refusal);
    return match;
  }
  return allow.empty() ? not_found(request.target) : wrong_method(std::move(allow));
}

}  // namespace ferrule

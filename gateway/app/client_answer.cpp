#include "app/client_answer.h"

#include <chrono>
#include <cmath>

#include "app/text_table.h"
#include "rest/client.h"

namespace ferrule {

namespace {

using nlohmann::json;

void complain(const ClientCall& call, const ClientAnswer& answer) {
  for (const char* field : {"error", "reason", "hint"}) {
    const std::string text = text_of(answer.body, field);
    if (!text.empty()) std::fprintf(call.err, "%s\n", printable(text).c_str());
  }
  if (!answer.body.is_object()) std::fprintf(call.err, "the gateway refused it without a reason\n");
}

}  // namespace

ClientAnswer ask(const ClientCall& call, std::string_view method, const std::string& target, const std::string& body,
                 std::chrono::seconds timeout) {
  ClientAnswer answer;
  Result<RestReply> reply = rest_call(call.socket, method, target, body, timeout);
  if (!reply.ok()) {
    std::fprintf(call.err, "%s\n", printable(reply.status().what()).c_str());
    answer.exit_code = kNoGateway;
    return answer;
  }
  answer.raw = std::move(reply->body);
  answer.body = json::parse(answer.raw, nullptr, false);
  if (reply->status < 200 || reply->status > 299) {
    answer.exit_code = kRefused;
    complain(call, answer);
  }
  return answer;
}

std::string text_of(const json& object, const char* field) {
  if (!object.is_object()) return {};
  const auto found = object.find(field);
  if (found == object.end() || found->is_null()) return {};
  return found->is_string() ? found->get<std::string>() : found->dump(-1, ' ', false, json::error_handler_t::replace);
}

double number_of(const json& object, const char* field) {
  if (!object.is_object()) return 0;
  const auto found = object.find(field);
  return found != object.end() && found->is_number() ? found->get<double>() : 0;
}

const json& part_of(const json& object, const char* field) {
  static const json kNothing = json::object();
  if (!object.is_object()) return kNothing;
  const auto found = object.find(field);
  return found == object.end() ? kNothing : *found;
}

std::string age_text(double seconds) {
  if (seconds < 0) return "in the future";
  if (seconds < 1) return std::to_string(std::lround(seconds * 1000)) + "ms";
  constexpr double kTooLong = 1e9;
  const auto whole = static_cast<long>(std::min(seconds, kTooLong));
  struct Step {
    long seconds;
    const char* unit;
  };
  constexpr Step kSteps[] = {{86400, "d"}, {3600, "h"}, {60, "m"}, {1, "s"}};
  for (size_t i = 0; i < std::size(kSteps); ++i) {
    if (whole < kSteps[i].seconds) continue;
    std::string text = std::to_string(whole / kSteps[i].seconds) + kSteps[i].unit;
    if (i + 1 < std::size(kSteps)) {
      const long rest = whole % kSteps[i].seconds / kSteps[i + 1].seconds;
      if (rest > 0) text += " " + std::to_string(rest) + kSteps[i + 1].unit;
    }
    return text;
  }
  return "0s";
}

}  // namespace ferrule

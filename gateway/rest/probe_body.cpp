#include "rest/probe_body.h"

#include <array>
#include <nlohmann/json.hpp>

#include "core/nearest.h"
#include "core/units.h"
#include "rest/limits.h"

namespace ferrule {

namespace {

using Json = nlohmann::json;

constexpr std::array<std::string_view, 4> kKeys = {"unit", "address", "count", "timeout"};
constexpr uint32_t kMostAsked = 2000;

Status wrong(const std::string& what) {
  return {Fault::invalid, what + "; send {\"unit\": 5, \"address\": \"holding:0\", \"count\": 2}"};
}

Status take(const std::string& key, const Json& value, ProbeQuestion& question) {
  if (key == "unit") {
    if (!value.is_number_integer()) return wrong("\"unit\" is a whole number");
    question.unit = value.get<int64_t>();
  } else if (key == "address") {
    if (!value.is_string()) return wrong("\"address\" is a text");
    question.address = value.get<std::string>();
  } else if (key == "count") {
    if (!value.is_number_unsigned() || value.get<uint64_t>() > kMostAsked) {
      return wrong("\"count\" is a whole number up to 2000");
    }
    question.count = value.get<uint32_t>();
  } else if (key == "timeout") {
    const auto timeout = parse_duration(value.is_string() ? value.get<std::string>() : "");
    if (!timeout.ok() || *timeout <= Duration{0} || *timeout > rest_limits::kProbe) {
      return wrong("\"timeout\" is a text, at most \"5s\"");
    }
    question.timeout = *timeout;
  } else {
    return wrong("there is no key \"" + key.substr(0, 40) + "\" in a probe" + did_you_mean(key, kKeys));
  }
  return {};
}

std::string in_hex(const std::vector<uint8_t>& bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  for (const uint8_t byte : bytes) text += kDigits[byte >> 4], text += kDigits[byte & 15];
  return text;
}

HttpReply trouble(const Status& status) {
  switch (status.fault()) {
    case Fault::invalid: return error_reply(400, status.what());
    case Fault::timeout:
    case Fault::bad_reply: return error_reply(504, status.what());
    default: return error_reply(503, status.what());
  }
}

}  // namespace

Result<ProbeQuestion> parse_probe(std::string_view body) {
  const Json parsed = Json::parse(body, nullptr, false);
  if (!parsed.is_object()) return wrong("the body is no JSON object");
  ProbeQuestion question;
  for (const auto& [key, value] : parsed.items()) {
    if (Status status = take(key, value, question); !status.ok()) return status;
  }
  if (question.address.empty()) return wrong("the body has no \"address\"");
  return question;
}

HttpReply answer_probe(const ProbeAnswer& answer) {
  if (!answer.status.ok()) return trouble(answer.status);
  Json made{{"took_ms", std::chrono::duration<double, std::milli>(answer.took).count()}};
  if (answer.refused != 0) {
    made["refused"] = answer.refused;
    made["refusal"] = answer.refusal;
  } else {
    made["bytes"] = in_hex(answer.bytes);
  }
  HttpReply reply;
  reply.body = made.dump(-1, ' ', false, Json::error_handler_t::replace);
  return reply;
}

}  // namespace ferrule

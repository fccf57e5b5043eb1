// The answers of the gateway as the commands read them.
#pragma once

#include <chrono>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "app/client_commands.h"

namespace ferrule {

inline constexpr int kDone = 0, kRefused = 1, kNoGateway = 2;
inline constexpr std::chrono::seconds kReading{15};  // the longest that a question which changes nothing waits

struct ClientAnswer {
  int exit_code = kDone;
  std::string raw;
  nlohmann::json body;
};

// Asks, and prints on `err` why not when the answer is no 2xx.
ClientAnswer ask(const ClientCall& call, std::string_view method, const std::string& target, const std::string& body,
                 std::chrono::seconds timeout);

// A field as a person reads it: empty when it is absent; texts without quotes.
std::string text_of(const nlohmann::json& object, const char* field);
double number_of(const nlohmann::json& object, const char* field);
const nlohmann::json& part_of(const nlohmann::json& object, const char* field);  // an empty object when it is absent

std::string age_text(double seconds);  // "350ms", "12s", "3m 20s", "2h 5m", "4d 1h"

}  // namespace ferrule

#include "app/frames_command.h"

#include <ctime>

#include "app/client_answer.h"
#include "app/text_table.h"
#include "rest/target.h"

namespace ferrule {

namespace {

using nlohmann::json;

std::string time_of_day(double unix_ms) {
  const auto seconds = static_cast<std::time_t>(unix_ms / 1000);
  std::tm local{};
  char text[32] = "-";
  if (localtime_r(&seconds, &local) == nullptr || std::strftime(text, sizeof text, "%H:%M:%S", &local) == 0) return "-";
  const auto ms = static_cast<long>(unix_ms - static_cast<double>(seconds) * 1000);
  char whole[48];
  std::snprintf(whole, sizeof whole, "%s.%03ld", text, ms);
  return whole;
}

// "01 03 00 64"
std::string in_pairs(const std::string& hex) {
  std::string text;
  for (size_t at = 0; at < hex.size(); at += 2) text += (at == 0 ? "" : " ") + hex.substr(at, 2);
  return text;
}

void print_bytes(const ClientCall& call, const char* what, const json& frame, const char* bytes, const char* words) {
  const std::string hex = text_of(frame, bytes);
  if (hex.empty()) return;
  std::fprintf(call.out, "  %-8s %s\n", what, in_pairs(hex).c_str());
  const std::string text = text_of(frame, words);
  if (!text.empty()) std::fprintf(call.out, "           %s\n", printable(text).c_str());
}

}  // namespace

int show_frames(const ClientCall& call, const std::string& channel) {
  const ClientAnswer answer = ask(call, "GET", "/api/v1/channels/" + percent_encoded(channel) + "/frames", "", kReading);
  if (answer.exit_code != kDone) return answer.exit_code;
  if (call.json) {
    std::fprintf(call.out, "%s\n", answer.raw.c_str());
    return kDone;
  }
  for (const json& frame : part_of(answer.body, "frames")) {
    std::fprintf(call.out, "%s %s: %s, %.1f ms\n", time_of_day(number_of(frame, "at")).c_str(),
                 printable(text_of(frame, "device")).c_str(), printable(text_of(frame, "outcome")).c_str(),
                 number_of(frame, "took") * 1000);
    print_bytes(call, "unasked", frame, "unasked", "");
    print_bytes(call, "sent", frame, "sent", "sent_text");
    print_bytes(call, "received", frame, "received", "received_text");
  }
  return kDone;
}

}  // namespace ferrule

#include "app/client_commands.h"

#include <chrono>
#include <unordered_map>

#include "app/client_answer.h"
#include "app/text_table.h"
#include "core/units.h"
#include "rest/client.h"
#include "rest/target.h"

namespace ferrule {

namespace {

using nlohmann::json;

constexpr std::chrono::seconds kWriting{75};  // the longest write that the gateway takes, and then some

double seconds_since(double unix_ms) {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration<double>(now).count() - unix_ms / 1000;
}

int print_raw(const ClientCall& call, const ClientAnswer& answer) {
  std::fprintf(call.out, "%s\n", answer.raw.c_str());
  return answer.exit_code;
}

// "bad: timeout", "bad: device_refused 2", "good"
std::string quality_text(const json& value) {
  std::string text = text_of(value, "quality");
  const std::string reason = text_of(value, "reason"), detail = text_of(value, "detail");
  if (!reason.empty()) text += ": " + reason;
  if (!detail.empty()) text += " " + detail;
  return text;
}

std::string age_of(const json& value) {
  const double read_at = number_of(value, "timestamp");
  return read_at == 0 ? "-" : age_text(seconds_since(read_at));
}

void print_values(const ClientCall& call, const json& values) {
  TextTable table({"NAME", ">VALUE", "UNITS", "QUALITY", ">AGE"});
  for (const json& value : values) {
    const std::string shown = text_of(value, "value");
    table.add({text_of(value, "name"), shown.empty() ? "-" : shown, text_of(value, "units"), quality_text(value), age_of(value)});
  }
  table.print(call.out);
}

std::string percent(double share) { return std::to_string(static_cast<int>(share * 100 + 0.5)) + "%"; }

void print_gateway(const ClientCall& call, const json& status) {
  const json& gateway = part_of(status, "gateway");
  std::fprintf(call.out, "gateway  %s, ferrule %s, up %s, boot %s, %s tags\n", printable(text_of(gateway, "id")).c_str(),
               printable(text_of(gateway, "version")).c_str(), age_text(number_of(gateway, "uptime")).c_str(),
               text_of(gateway, "boot").c_str(), text_of(gateway, "tags").c_str());
  std::fprintf(call.out, "config   %s\n", printable(text_of(gateway, "config_file")).c_str());
  const std::string trouble = text_of(gateway, "config_trouble");
  if (!trouble.empty()) std::fprintf(call.out, "         %s\n", printable(trouble).c_str());
  const json& problems = part_of(part_of(status, "health"), "problems");
  std::fprintf(call.out, "health   %s\n", problems.empty() ? "good" : "NOT GOOD");
  for (const json& problem : problems) {
    if (problem.is_string()) std::fprintf(call.out, "  - %s\n", printable(problem.get<std::string>()).c_str());
  }
}

void print_channels(const ClientCall& call, const json& status) {
  TextTable table({"CHANNEL", "DRIVER", "STATE", ">DEVICES", ">TAGS", ">BUSY", ">REQUESTS", ">TIMEOUTS", "TROUBLE"});
  for (const json& channel : part_of(status, "channels")) {
    table.add({text_of(channel, "name"), text_of(channel, "driver"), text_of(channel, "state"), text_of(channel, "devices"),
               text_of(channel, "tags"), percent(number_of(channel, "busy")), text_of(channel, "requests"),
               text_of(channel, "timeouts"), text_of(channel, "trouble")});
  }
  std::fprintf(call.out, "\n");
  table.print(call.out);
}

void print_devices(const ClientCall& call, const json& status) {
  const json& devices = part_of(status, "devices");
  std::fprintf(call.out, "\ndevices  %s of %s online\n", text_of(devices, "online").c_str(), text_of(devices, "total").c_str());
  TextTable table({"DEVICE IN TROUBLE", "CHANNEL", ">LAST ANSWER", "TROUBLE"});
  for (const json& device : part_of(devices, "in_trouble")) {
    const double last = number_of(device, "last_answer");
    table.add({text_of(device, "name"), text_of(device, "channel"), last == 0 ? "never" : age_text(seconds_since(last)) + " ago",
               text_of(device, "trouble")});
  }
  if (!table.empty()) table.print(call.out);
}

void print_uplinks(const ClientCall& call, const json& status) {
  TextTable table({"UPLINK", "STATE", ">SENT", ">STORED", ">DROPPED", ">IN FLIGHT", ">ACK", "TROUBLE"});
  for (const json& uplink : part_of(status, "uplinks")) {
    const json& samples = part_of(uplink, "samples");
    table.add({text_of(uplink, "name"), text_of(uplink, "connected") == "true" ? "connected" : "not connected",
               text_of(samples, "sent"), text_of(samples, "stored"), text_of(samples, "dropped"), text_of(uplink, "in_flight"),
               std::to_string(static_cast<long>(number_of(uplink, "ack_ms"))) + "ms", text_of(uplink, "trouble")});
  }
  std::fprintf(call.out, "\n");
  if (!table.empty()) table.print(call.out);
}

void print_outbox(const ClientCall& call, const json& status) {
  const json& outbox = part_of(status, "outbox");
  const auto size = [&](const char* field) {
    constexpr double kMiB = 1024.0 * 1024;
    char text[32];
    std::snprintf(text, sizeof text, "%.1f MiB", number_of(outbox, field) / kMiB);
    return std::string(text);
  };
  std::fprintf(call.out, "\noutbox   %s on disk of %s, %s in memory, %s blocks\n", size("disk_bytes").c_str(),
               size("max_size").c_str(), size("memory_bytes").c_str(), text_of(outbox, "blocks").c_str());
  const std::string trouble = text_of(outbox, "trouble");
  if (!trouble.empty()) std::fprintf(call.out, "         %s\n", printable(trouble).c_str());
}

// The value as JSON: itself when it is a number, a boolean or a quoted text, else a text.
std::string json_scalar(const std::string& value) {
  const json parsed = json::parse(value, nullptr, false);
  const bool scalar = parsed.is_number() || parsed.is_boolean() || parsed.is_string();
  return (scalar ? parsed : json(value)).dump(-1, ' ', false, json::error_handler_t::replace);
}

std::string write_body(const std::string& value, const std::string& expires_in) {
  std::string body = "{\"value\":" + json_scalar(value);
  if (!expires_in.empty()) body += ",\"expires_in\":" + json(expires_in).dump(-1, ' ', false, json::error_handler_t::replace);
  return body + "}";
}

std::string query_of(const std::vector<std::string>& tags) {
  std::string query;
  for (const std::string& tag : tags) query += (query.empty() ? "?tag=" : "&tag=") + percent_encoded(tag);
  return query;
}

std::string clock_time(double unix_ms) {
  const auto seconds = static_cast<std::time_t>(unix_ms / 1000);
  std::tm local{};
  char text[32] = "-";
  if (unix_ms > 0 && localtime_r(&seconds, &local) != nullptr) std::strftime(text, sizeof text, "%H:%M:%S", &local);
  return text;
}

// Prints what changed since the last time, a line each.
class Changes {
 public:
  explicit Changes(const ClientCall& call) : call_(call) {}

  void take(const json& event) {
    const std::string name = text_of(event, "name");
    if (name.empty()) {
      const std::string lost = text_of(event, "lost");
      if (!lost.empty())
        std::fprintf(call_.err, "%s readings are not shown: they came faster than they could be\n", lost.c_str());
      return;
    }
    const std::string value = text_of(event, "value"), quality = quality_text(event);
    const std::string shown =
        (value.empty() ? "-" : value) + " " + text_of(event, "units") + (quality == "good" ? "" : " (" + quality + ")");
    std::string& last = last_[name];
    if (last == shown) return;
    last = shown;
    std::fprintf(call_.out, "%s  %s = %s\n", clock_time(number_of(event, "timestamp")).c_str(), printable(name).c_str(),
                 printable(shown).c_str());
  }

 private:
  const ClientCall& call_;
  std::unordered_map<std::string, std::string> last_;
};

int exit_code_of(const Status& status) {
  switch (status.fault()) {
    case Fault::none: return kDone;
    case Fault::invalid:
    case Fault::not_found:
    case Fault::refused:
    case Fault::full: return kRefused;
    default: return kNoGateway;
  }
}

}  // namespace

int show_status(const ClientCall& call) {
  const ClientAnswer answer = ask(call, "GET", "/api/v1/status", "", kReading);
  if (answer.exit_code != kDone) return answer.exit_code;
  if (call.json) return print_raw(call, answer);
  print_gateway(call, answer.body);
  print_channels(call, answer.body);
  print_devices(call, answer.body);
  print_uplinks(call, answer.body);
  print_outbox(call, answer.body);
  return kDone;
}

int get_values(const ClientCall& call, const std::vector<std::string>& names) {
  std::vector<std::string> targets, tags;
  for (const std::string& name : names) {
    if (name.find('.') != std::string::npos) {
      tags.push_back(name);
    } else {
      targets.push_back("/api/v1/values?device=" + percent_encoded(name));
    }
  }
  if (!tags.empty() || names.empty()) targets.push_back("/api/v1/values" + query_of(tags));
  json values = json::array();
  for (const std::string& target : targets) {
    ClientAnswer answer = ask(call, "GET", target, "", kReading);
    if (answer.exit_code != kDone) return answer.exit_code;
    if (call.json) {
      print_raw(call, answer);
      continue;
    }
    for (const json& value : part_of(answer.body, "values")) values.push_back(value);
  }
  if (!call.json) print_values(call, values);
  return kDone;
}

int set_value(const ClientCall& call, const std::string& tag, const std::string& value, const std::string& expires_in) {
  const ClientAnswer answer = ask(call, "PUT", "/api/v1/values/" + percent_encoded(tag), write_body(value, expires_in), kWriting);
  if (answer.exit_code == kNoGateway) return kNoGateway;
  if (call.json) return print_raw(call, answer);
  if (answer.exit_code == kDone) std::fprintf(call.out, "%s = %s: done\n", printable(tag).c_str(), printable(value).c_str());
  return answer.exit_code;
}

int watch_values(const ClientCall& call, const std::vector<std::string>& tags) {
  Changes changes(call);
  const Status status = rest_stream(call.socket, "/api/v1/live" + query_of(tags), [&](std::string_view event) {
    if (call.json) {
      std::fprintf(call.out, "%.*s\n", static_cast<int>(event.size()), event.data());
    } else {
      changes.take(json::parse(event, nullptr, false));
    }
    return std::fflush(call.out) == 0;  // whoever read our output is gone: so are we
  });
  if (status.ok()) return kDone;
  std::fprintf(call.err, "%s\n", printable(status.what()).c_str());
  return exit_code_of(status);
}

}  // namespace ferrule

// `ferrule outbox status|export|purge`.
#include "app/client_answer.h"
#include "app/client_commands.h"
#include "app/text_table.h"
#include "rest/target.h"

namespace ferrule {

namespace {

using nlohmann::json;

std::string path_of(bool dead_letters) { return dead_letters ? "/api/v1/outbox/dead_letters" : "/api/v1/outbox/waiting"; }

}  // namespace

int show_outbox(const ClientCall& call) {
  const ClientAnswer answer = ask(call, "GET", "/api/v1/status", "", kReading);
  if (answer.exit_code != kDone) return answer.exit_code;
  const json& outbox = part_of(answer.body, "outbox");
  if (call.json) {
    std::fprintf(call.out, "%s\n", outbox.dump().c_str());
    return kDone;
  }
  for (const char* field : {"path", "trouble", "disk_bytes", "max_size", "memory_bytes", "blocks", "commits", "bytes_written"}) {
    const std::string text = text_of(outbox, field);
    if (!text.empty()) std::fprintf(call.out, "%-14s %s\n", field, printable(text).c_str());
  }
  TextTable table({"UPLINK", ">WAITING", ">SAMPLES STORED", ">SENT", ">DROPPED"});
  for (const json& uplink : part_of(answer.body, "uplinks")) {
    const json& samples = part_of(uplink, "samples");
    table.add({text_of(uplink, "name"), text_of(uplink, "waiting_records"), text_of(samples, "stored"), text_of(samples, "sent"),
               text_of(samples, "dropped")});
  }
  if (!table.empty()) table.print(call.out);
  return kDone;
}

int export_outbox(const ClientCall& call, const std::string& uplink, bool dead_letters) {
  std::string after = "0";
  while (true) {
    const std::string target =
        path_of(dead_letters) + "?after=" + after + (uplink.empty() ? "" : "&uplink=" + percent_encoded(uplink));
    const ClientAnswer answer = ask(call, "GET", target, "", kReading);
    if (answer.exit_code != kDone) return answer.exit_code;
    const json& records = part_of(answer.body, "records");
    if (records.empty()) return kDone;
    for (const json& record : records) {
      std::fprintf(call.out, "%s\n", record.dump(-1, ' ', false, json::error_handler_t::replace).c_str());
      after = text_of(record, "at");
    }
    if (std::fflush(call.out) != 0) return kRefused;  // whoever read our output is gone
  }
}

int purge_outbox(const ClientCall& call, const std::string& uplink, bool dead_letters) {
  const std::string target = path_of(dead_letters) + (dead_letters ? "" : "?uplink=" + percent_encoded(uplink));
  const ClientAnswer answer = ask(call, "DELETE", target, "", kReading);
  if (answer.exit_code != kDone) return answer.exit_code;
  std::fprintf(call.out, "%s records given up\n", text_of(answer.body, "records").c_str());
  return kDone;
}

}  // namespace ferrule

#include <unistd.h>

#include <array>

#include "config/decoder.h"
#include "config/engines.h"
#include "config/formats.h"
#include "config/tables.h"

namespace ferrule::config {

namespace {

Fields decode_section(const Node& node, std::string_view key, std::span<const FieldSpec> table, LoadContext& context) {
  Fields fields(table, node.mark());
  const Target target{table, &fields};
  if (node) decode_map(node, "'" + std::string(key) + "'", {&target, 1}, context.report);
  return fields;
}

std::string text_or(const Fields& fields, std::string_view name, std::string otherwise) {
  return fields.has(name) ? fields.text(name) : std::move(otherwise);
}

// Cloned images share the host name, not the machine id.
std::string default_gateway_id(LoadContext& context) {
  std::array<char, 256> host{};
  if (::gethostname(host.data(), host.size() - 1) != 0) host[0] = '\0';
  std::string id;
  for (const char* c = host.data(); *c != '\0' && id.size() < 57; ++c) {
    id += check_gateway_id(std::string_view(c, 1)) ? *c : '-';
  }
  if (id.empty()) id = "ferrule";
  const auto machine = read_file("/etc/machine-id", 4096);
  if (machine && machine->size() >= 6 && check_gateway_id(machine->substr(0, 6))) return id + "-" + machine->substr(0, 6);
  context.warnings.push_back("this machine has no id (/etc/machine-id): give the gateway one with `gateway: { id: ... }`");
  return id;
}

}  // namespace

std::string build_gateway_id(Node gateway, LoadContext& context) {
  const Fields fields = decode_section(gateway, "gateway", tables::kGateway, context);
  return fields.has("id") ? fields.text("id") : default_gateway_id(context);
}

OutboxSettings build_outbox(Node outbox, LoadContext& context) {
  const Fields fields = decode_section(outbox, "outbox", tables::kOutbox, context);
  OutboxSettings settings;
  settings.path = text_or(fields, "path", context.options.state_directory + "/outbox.db");
  settings.max_size = static_cast<uint64_t>(fields.integer("max_size"));
  settings.reserve = static_cast<uint64_t>(fields.integer("reserve"));
  settings.thin_when_full = fields.text("when_full") == "thin";
  settings.max_age = fields.duration("max_age");
  settings.flush_after = fields.duration("flush_after");
  settings.write_ahead = fields.text("write") == "ahead";
  return settings;
}

RestSettings build_rest(Node rest, LoadContext& context) {
  const Fields fields = decode_section(rest, "rest", tables::kRest, context);
  RestSettings settings;
  settings.on = fields.boolean("enabled");
  if (const auto at = parse_host_port(fields.text("listen"))) {
    settings.host = at->host;
    settings.port = at->port;
  }
  settings.socket = text_or(fields, "socket", context.options.runtime_directory + "/ferrule.sock");
  settings.token_file = text_or(fields, "token_file", context.options.state_directory + "/token");
  return settings;
}

std::string build_log_level(Node log, LoadContext& context) {
  return decode_section(log, "log", tables::kLog, context).text("level");
}

}  // namespace ferrule::config

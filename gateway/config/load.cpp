#include <array>
#include <unordered_map>

#include "config/channels.h"
#include "config/config.h"
#include "config/decoder.h"
#include "config/engines.h"
#include "config/tables.h"

namespace ferrule::config {

namespace {

// The sections of all files: lists append, the others stand once.
struct Sections {
  std::vector<Node> channels, rules, uplinks;
  Node gateway, outbox, rest, log;
};

void append(std::vector<Node>& entries, const Node& list, std::string_view key, Report& report) {
  if (!expect_list(list, key, report)) return;
  for (const Node item : list.items()) entries.push_back(item);
}

void take_once(Node& section, const MapEntry& entry, LoadContext& context) {
  if (section && section.mark().file == entry.key.mark().file) return;  // a key twice in one file has been reported
  if (section) {
    context.report.add(entry.key.mark(), "the section " + cited(entry.key.text()) + " stands here a second time (first " +
                                             place_text(section.mark(), entry.key.mark(), context.sources.files()) +
                                             "): put both into one");
    return;
  }
  section = entry.value;
}

void take(const MapEntry& entry, Sections& sections, LoadContext& context) {
  const std::string_view key = entry.key.text();
  if (key == "channels") append(sections.channels, entry.value, key, context.report);
  if (key == "rules") append(sections.rules, entry.value, key, context.report);
  if (key == "uplinks") append(sections.uplinks, entry.value, key, context.report);
  if (key == "gateway") take_once(sections.gateway, entry, context);
  if (key == "outbox") take_once(sections.outbox, entry, context);
  if (key == "rest") take_once(sections.rest, entry, context);
  if (key == "log") take_once(sections.log, entry, context);
}

// False: some file could not be taken at all. What the others hold is not judged then: half a configuration has mistakes that the
// whole one has not.
bool read_files(Sections& sections, LoadContext& context) {
  Fields none(tables::kRoot);
  const Target target{tables::kRoot, &none};
  bool whole = true;
  const auto read = [&](const std::string& path) {
    const Document* document = context.sources.open(path);
    whole = whole && document != nullptr;
    if (document == nullptr) return;
    decode_map(document->root(), "a configuration", {&target, 1}, context.report);
    for (const MapEntry entry : document->root().entries()) take(entry, sections, context);
  };
  read(context.options.file);
  for (const std::string& path : context.sources.more_files(context.options.file)) read(path);
  return whole;
}

void build(GatewaySettings& settings, LoadContext& context) {
  Sections sections;
  if (!read_files(sections, context)) return;
  settings.id = build_gateway_id(sections.gateway, context);
  settings.outbox = build_outbox(sections.outbox, context);
  settings.rest = build_rest(sections.rest, context);
  settings.log_level = build_log_level(sections.log, context);
  settings.channels = build_channels(sections.channels, context);
  settings.rules = build_rules(sections.rules, context);
  settings.uplinks = build_uplinks(sections.uplinks, context);
  // A rule may name any tag: it can be judged only when all of them are known.
  if (context.report.count() != 0 || !context.options.check_rules) return;
  Complaints complaints;
  context.options.check_rules(settings, context.names, complaints);
  context.report.add_all(complaints);
}

}  // namespace

}  // namespace ferrule::config

namespace ferrule {

Loaded load(const LoadOptions& options, const Catalogue& catalogue, Names& names) {
  Loaded loaded;
  config::Report report;
  config::Sources sources(report);
  config::LoadContext context{options, catalogue, names, report, sources, loaded.warnings};
  try {
    config::build(loaded.settings, context);
  } catch (const std::exception& error) {  // out of memory; a driver's check that breaks its contract
    report.add({}, std::string("cannot be loaded: ") + error.what());
  }
  loaded.complaints = report.take();
  loaded.files = sources.files();
  if (!loaded.ok()) loaded.warnings.clear();  // of half a configuration
  return loaded;
}

LoadedFields load_fields(const std::string& file, std::span<const FieldSpec> table) {
  LoadedFields loaded;
  config::Report report;
  config::Sources sources(report);
  try {
    if (const config::Document* document = sources.open(file)) {
      const config::Node root = document->root();
      loaded.fields = Fields(table, root.mark());
      const config::Target target{table, &loaded.fields};
      config::decode_map(root, "this file", {&target, 1}, report);
      if (root.is_map() || root.is_null()) config::require({&root, 1}, "this file", {&target, 1}, root.mark(), report);
    }
  } catch (const std::exception& error) {
    report.add({}, std::string("cannot be loaded: ") + error.what());
  }
  loaded.complaints = report.take();
  loaded.files = sources.files();
  return loaded;
}

std::string format(const Complaint& complaint, const std::vector<std::string>& files) {
  const Mark& mark = complaint.mark;
  std::string line = mark.file < files.size() ? files[mark.file] + ":" : "";
  if (mark.line != 0) line += std::to_string(mark.line) + ":" + std::to_string(mark.column) + ":";
  return line + (line.empty() ? "" : " ") + complaint.what;
}

std::string format_all(const Loaded& loaded) {
  std::string text;
  for (const Complaint& complaint : loaded.complaints) text += format(complaint, loaded.files) + "\n";
  return text;
}

}  // namespace ferrule

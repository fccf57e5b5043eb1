// From YAML files to GatewaySettings, or to a list of everything that is wrong with them.
//
// load() reads the file and conf.d/*.yaml beside it (in name order), profiles, and secret files. It never throws, never opens a
// socket or a device, and is bounded: files up to 16 MiB each and 64 MiB in all, depth 32, 4,000,000 nodes, no aliases, anchors,
// merge keys or tags (but !secret), no duplicate keys. Every mistake is reported, at most 100, each with its place and its
// remedy.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "core/names.h"
#include "core/status.h"
#include "sdk/catalogue.h"
#include "sdk/settings.h"

namespace ferrule {

// What becomes of !secret names and of the files of TLS.
enum class Secrets : uint8_t {
  needed,  // one that is missing is a mistake
  unread,  // `ferrule check` on a machine that has none
  spared,  // what lacks one is there with its `trouble`, and a warning says so
};

// `file` is shown as the user gave it.
struct LoadOptions {
  std::string file;
  std::string state_directory = "/var/lib/ferrule";  // default outbox, token
  std::string runtime_directory = "/run/ferrule";    // default Unix socket
  std::vector<std::string> profile_directories;      // searched in order: "eastron/sdm630" -> eastron/sdm630.yaml
  std::string secret_directory;                      // for !secret; empty: $CREDENTIALS_DIRECTORY, then /etc/ferrule/secrets
  Secrets secrets = Secrets::needed;
  // Rules are checked by the rules module, which config does not see: app hands its checker in. May be null.
  std::function<void(const GatewaySettings&, const Names&, Complaints&)> check_rules;
};

struct Loaded {
  GatewaySettings settings;  // meaningful only without complaints
  Complaints complaints;
  std::vector<std::string> files;     // what Mark::file indexes
  std::vector<std::string> warnings;  // "line_a: 40 requests of 25 ms each need 1.0 s, `every: 500ms` will overrun"
  bool ok() const { return complaints.empty(); }
};

Loaded load(const LoadOptions& options, const Catalogue& catalogue, Names& names);

// "ferrule.yaml:12:7: unknown key 'evry', did you mean 'every'?" and the same for all, a line each, in order of place.
std::string format(const Complaint& complaint, const std::vector<std::string>& files);
std::string format_all(const Loaded& loaded);

// Made from the field tables.
std::string json_schema(const Catalogue& catalogue);         // of the whole file, JSON Schema 2020-12
std::string field_table(std::span<const FieldSpec> fields);  // a Markdown table for a README

// A file described by one table (the simulator's plants): the same parser, the same complaints.
struct LoadedFields {
  Fields fields;
  Complaints complaints;
  std::vector<std::string> files;
};
LoadedFields load_fields(const std::string& file, std::span<const FieldSpec> table);

}  // namespace ferrule

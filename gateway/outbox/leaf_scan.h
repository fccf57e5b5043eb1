// Rows of a damaged SQLite file without SQLite: every page that looks like the leaf of a table is read for itself, so that the
// loss of the schema or of an inner page costs no row. For salvage only; what it gives may be stale, foreign or torn, and the
// caller believes only what carries a right checksum.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace ferrule::outbox {

struct ScannedValue {
  enum class Kind : uint8_t { null, number, text, blob, other } kind = Kind::null;
  int64_t number = 0;
  std::string bytes;
};

struct ScannedRow {
  int64_t id = 0;
  std::vector<ScannedValue> values;
};

// Reads the file and its write-ahead log, once for each size of page that a file may have: the header may be what is damaged.
// Nothing when it cannot be read. Rows longer than 64 MiB are left out.
void scan_leaves(const std::string& path, const std::function<void(ScannedRow&)>& use);

}  // namespace ferrule::outbox

#include "outbox/schema.h"

#include "outbox/bytes.h"
#include "outbox/crc32.h"
#include "outbox/rows.h"

namespace ferrule::outbox {

namespace {

// A sector or flash page that dies takes several of our pages along, so what is kept twice lies apart: SQLite puts the roots of
// tables side by side in the order of their making, hence this order; for what grows beyond its root see Store::copy_names().
constexpr const char* kCreate =
    "CREATE TABLE meta(key TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE names(id INTEGER PRIMARY KEY, device INTEGER NOT NULL, name TEXT NOT NULL, sum INTEGER NOT NULL);"
    "CREATE TABLE uplinks(id INTEGER PRIMARY KEY, name TEXT NOT NULL, cursor BLOB NOT NULL, sum INTEGER NOT NULL);"
    "CREATE TABLE losses(id INTEGER PRIMARY KEY, uplink TEXT NOT NULL, from_ns INTEGER NOT NULL, to_ns INTEGER NOT NULL,"
    " samples INTEGER NOT NULL, why TEXT NOT NULL, sum INTEGER NOT NULL);"
    "CREATE TABLE dead_letters(id INTEGER PRIMARY KEY, uplink TEXT NOT NULL, why TEXT NOT NULL, at_ns INTEGER NOT NULL,"
    " body BLOB NOT NULL);"
    "CREATE TABLE blocks(first INTEGER PRIMARY KEY, summary BLOB NOT NULL, body BLOB NOT NULL);"
    "CREATE TABLE names_copy(id INTEGER PRIMARY KEY, device INTEGER NOT NULL, name TEXT NOT NULL, sum INTEGER NOT NULL);"
    "CREATE TABLE uplink_names(id INTEGER PRIMARY KEY, name TEXT NOT NULL, sum INTEGER NOT NULL);"
    "PRAGMA application_id=1179997516;"  // "FUEL"
    "PRAGMA user_version=2";

// Version 2: losses have checksums.
Status from_1_to_2(Database& db) {
  std::vector<StoredLoss> losses;
  Status status =
      each_row(db, "SELECT id, uplink, from_ns, to_ns, samples, why FROM losses", [&](const Statement& row) -> Status {
        losses.push_back({row.number(0), loss_of(row, 1)});
        return {};
      });
  if (!status) return status;
  status = db.run(
      "DROP TABLE losses;"
      "CREATE TABLE losses(id INTEGER PRIMARY KEY, uplink TEXT NOT NULL, from_ns INTEGER NOT NULL, to_ns INTEGER NOT NULL,"
      " samples INTEGER NOT NULL, why TEXT NOT NULL, sum INTEGER NOT NULL);"
      "PRAGMA user_version=2");
  if (!status) return status;
  Result<Statement> insert = db.prepare(kInsertLoss);
  if (!insert) return insert.status();
  for (const StoredLoss& loss : losses) {
    if (status = bind(*insert, loss).run(); !status) return status;
  }
  return {};
}

Status in_one_transaction(Database& db, int64_t version) {
  Status status = db.run("BEGIN IMMEDIATE");
  if (!status) return status;
  if (version == 0) status = db.run(kCreate);
  if (version == 1) status = from_1_to_2(db);
  if (status) status = db.run("COMMIT");
  if (!status) (void)db.run("ROLLBACK");
  return status;
}

}  // namespace

int64_t loss_sum(int64_t id, const Loss& loss) {
  std::string all = "loss";
  put_signed(all, id);
  put_text(all, loss.uplink);
  put_signed(all, loss.from.time_since_epoch().count());
  put_signed(all, loss.to.time_since_epoch().count());
  put_varint(all, loss.samples);
  return crc32(all + loss.why);
}

Status prepare_schema(Database& db) {
  const Result<int64_t> version = db.number("PRAGMA user_version");
  if (!version) return version.status();
  if (*version > kSchema) return {Fault::invalid, "the file was made by a later version of ferrule"};
  if (*version == kSchema) return {};
  if (*version == 0) {
    const Result<int64_t> tables = db.number("SELECT count(*) FROM sqlite_schema");
    if (!tables) return tables.status();
    if (*tables != 0) return {Fault::corrupt, "the file holds tables but no version"};
  }
  return in_one_transaction(db, *version);
}

}  // namespace ferrule::outbox

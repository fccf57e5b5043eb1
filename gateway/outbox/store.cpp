#include "outbox/store.h"

#include <algorithm>

#include "outbox/bytes.h"
#include "outbox/crc32.h"

namespace ferrule::outbox {

namespace {

constexpr const char* kCreate =
    "BEGIN IMMEDIATE;"
    "CREATE TABLE meta(key TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE blocks(first INTEGER PRIMARY KEY, summary BLOB NOT NULL, body BLOB NOT NULL);"
    "CREATE TABLE names(id INTEGER PRIMARY KEY, device INTEGER NOT NULL, name TEXT NOT NULL, sum INTEGER NOT NULL);"
    "CREATE TABLE names_copy(id INTEGER PRIMARY KEY, device INTEGER NOT NULL, name TEXT NOT NULL, sum INTEGER NOT NULL);"
    "CREATE TABLE uplinks(id INTEGER PRIMARY KEY, name TEXT NOT NULL, cursor BLOB NOT NULL, sum INTEGER NOT NULL);"
    "CREATE TABLE uplink_names(id INTEGER PRIMARY KEY, name TEXT NOT NULL, sum INTEGER NOT NULL);"
    "CREATE TABLE losses(id INTEGER PRIMARY KEY, uplink TEXT NOT NULL, from_ns INTEGER NOT NULL, to_ns INTEGER NOT NULL,"
    " samples INTEGER NOT NULL, why TEXT NOT NULL);"
    "CREATE TABLE dead_letters(id INTEGER PRIMARY KEY, uplink TEXT NOT NULL, why TEXT NOT NULL, at_ns INTEGER NOT NULL,"
    " body BLOB NOT NULL);"
    "PRAGMA application_id=1179997516;"  // "FUEL"
    "PRAGMA user_version=1;"
    "COMMIT";

WallTime wall(int64_t ns) { return WallTime(Duration(ns)); }
int64_t ns(WallTime at) { return at.time_since_epoch().count(); }

// Calls use() for each row.
template <class Use>
Status each_row(Database& db, const char* sql, Use&& use) {
  Result<Statement> statement = db.prepare(sql);
  if (!statement) return statement.status();
  while (true) {
    const Result<bool> row = statement->step();
    if (!row.ok()) return row.status();
    if (!*row) return {};
    if (Status status = use(*statement); !status) return status;
  }
}

}  // namespace

int64_t name_sum(const Dictionary::Row& row) {
  std::string all = "name";
  put_varint(all, row.id);
  put_varint(all, row.device);
  return crc32(all + row.name);
}

int64_t uplink_sum(uint32_t id, std::string_view name) {
  std::string all = "uplink";
  put_varint(all, id);
  all += name;
  return crc32(all);
}

int64_t boot_sum(uint64_t boot) {
  std::string all = "boot";
  put_varint(all, boot);
  return crc32(all);
}

Result<Store> Store::open(const StoreSettings& settings, Contents& contents) {
  Result<Database> db = Database::open(settings.path, settings.vfs, Database::Mode::owner);
  if (!db) return db.status();
  Store store;
  store.db_ = std::move(*db);
  store.keep_dead_ = settings.dead_letters;
  const std::string wal = std::string(settings.synchronous ? "" : "PRAGMA synchronous=NORMAL;") +
                          "PRAGMA wal_autocheckpoint=" + std::to_string(settings.wal_pages) +
                          ";PRAGMA journal_size_limit=" + std::to_string(uint64_t{settings.wal_pages} * kPage);
  Status status = store.db_.run(wal.c_str());
  if (status) status = store.create();
  if (status) status = store.load(contents);
  if (status && !contents.clean) status = store.check(settings);
  if (status) status = store.prepare();
  if (!status) return status;
  store.measure();
  return store;
}

Status Store::create() {
  const Result<int64_t> version = db_.number("PRAGMA user_version");
  if (!version) return version.status();
  if (*version > kSchema) return {Fault::invalid, "the file was made by a later version of ferrule"};
  if (*version == kSchema) return {};
  const Result<int64_t> tables = db_.number("SELECT count(*) FROM sqlite_schema");
  if (!tables) return tables.status();
  if (*tables != 0) return {Fault::corrupt, "the file holds tables but no version"};
  Status status = db_.run(kCreate);
  if (!status) (void)db_.run("ROLLBACK");
  return status;
}

Status Store::check(const StoreSettings& settings) {
  const Result<int64_t> pages = db_.number("PRAGMA page_count");
  if (!pages) return pages.status();
  if (static_cast<uint64_t>(*pages) * kPage > settings.check_bytes) return {};
  return each_row(db_, "PRAGMA quick_check(1)", [](const Statement& row) -> Status {
    if (row.bytes(0) == "ok") return {};
    return {Fault::corrupt, std::string(row.bytes(0))};
  });
}

Status Store::load(Contents& contents) {
  contents = {};
  int64_t sum = boot_sum(0);
  Status status = each_row(db_, "SELECT key, value FROM meta", [&](const Statement& row) -> Status {
    if (row.bytes(0) == "boot") contents.boot = static_cast<uint64_t>(row.number(1));
    if (row.bytes(0) == "boot_sum") sum = row.number(1);
    if (row.bytes(0) == "clean") contents.clean = row.number(1) != 0;
    if (row.bytes(0) == "last_uplink") contents.last_uplink = static_cast<uint32_t>(row.number(1));
    return {};
  });
  if (status && sum != boot_sum(contents.boot)) status = {Fault::corrupt, "the boot number has a wrong checksum"};
  if (status) status = load_blocks(contents);
  if (status) status = load_rest(contents);
  return status;
}

Status Store::load_blocks(Contents& contents) {
  return each_row(db_, "SELECT first, summary FROM blocks ORDER BY first", [&](const Statement& row) -> Status {
    Result<Summary> summary = decode_summary(row.bytes(1));
    if (!summary) return summary.status();
    if (summary->first != static_cast<uint64_t>(row.number(0))) return {Fault::corrupt, "a block lies at a foreign position"};
    contents.blocks.push_back(std::move(*summary));
    return {};
  });
}

Status Store::load_rest(Contents& contents) {
  Status status =
      each_row(db_, "SELECT id, device, name, sum FROM names ORDER BY device <> 0, id", [&](const Statement& row) -> Status {
        Dictionary::Row name{static_cast<uint32_t>(row.number(0)), static_cast<uint32_t>(row.number(1)),
                             std::string(row.bytes(2))};
        if (row.number(3) != name_sum(name)) return {Fault::corrupt, "a stored name has a wrong checksum"};
        contents.names.push_back(std::move(name));
        return {};
      });
  if (status) {
    status = each_row(db_, "SELECT id, name, cursor, sum FROM uplinks", [&](const Statement& row) -> Status {
      contents.uplinks.push_back({static_cast<uint32_t>(row.number(0)), std::string(row.bytes(1)), std::string(row.bytes(2))});
      if (row.number(3) != uplink_sum(contents.uplinks.back().id, contents.uplinks.back().name)) {
        return {Fault::corrupt, "the name of an uplink has a wrong checksum"};
      }
      contents.last_uplink = std::max(contents.last_uplink, contents.uplinks.back().id);
      return {};
    });
  }
  if (status) {
    status = each_row(db_, "SELECT id, uplink, from_ns, to_ns, samples, why FROM losses", [&](const Statement& row) -> Status {
      contents.losses.push_back({row.number(0),
                                 {std::string(row.bytes(1)), wall(row.number(2)), wall(row.number(3)),
                                  static_cast<uint64_t>(row.number(4)), std::string(row.bytes(5))}});
      return {};
    });
  }
  if (!status) return status;
  const Result<int64_t> dead = db_.number("SELECT count(*) FROM dead_letters");
  contents.dead_letters = dead ? static_cast<uint64_t>(*dead) : 0;
  return dead.status();
}

Status Store::prepare() {
  const std::pair<Statement*, const char*> all[] = {
      {&insert_block_, "INSERT OR REPLACE INTO blocks VALUES(?1, ?2, ?3)"},
      {&erase_block_, "DELETE FROM blocks WHERE first = ?1"},
      {&read_block_, "SELECT body FROM blocks WHERE first = ?1"},
      {&insert_name_, "INSERT OR REPLACE INTO names VALUES(?1, ?2, ?3, ?4)"},
      {&insert_copy_, "INSERT OR REPLACE INTO names_copy VALUES(?1, ?2, ?3, ?4)"},
      {&insert_uplink_, "INSERT OR REPLACE INTO uplinks VALUES(?1, ?2, ?3, ?4)"},
      {&insert_uplink_name_, "INSERT OR IGNORE INTO uplink_names VALUES(?1, ?2, ?3)"},
      {&erase_uplink_name_, "DELETE FROM uplink_names WHERE id = ?1"},
      {&erase_uplink_, "DELETE FROM uplinks WHERE id = ?1"},
      {&insert_loss_, "INSERT OR REPLACE INTO losses VALUES(?1, ?2, ?3, ?4, ?5, ?6)"},
      {&erase_loss_, "DELETE FROM losses WHERE id = ?1"},
      {&insert_dead_, "INSERT INTO dead_letters(uplink, why, at_ns, body) VALUES(?1, ?2, ?3, ?4)"},
      {&trim_dead_, "DELETE FROM dead_letters WHERE id <= (SELECT max(id) FROM dead_letters) - ?1"},
      {&set_meta_, "INSERT OR REPLACE INTO meta VALUES(?1, ?2)"},
  };
  for (const auto& [statement, sql] : all) {
    Result<Statement> prepared = db_.prepare(sql);
    if (!prepared) return prepared.status();
    *statement = std::move(*prepared);
  }
  return {};
}

Status Store::apply(const Batch& batch) {
  Status status = db_.run("BEGIN IMMEDIATE");
  if (!status) return status;
  status = write(batch);
  if (status) status = db_.run("COMMIT");
  if (!status) {
    (void)db_.run("ROLLBACK");  // may have happened by itself
    return status;
  }
  measure();
  return {};
}

Status Store::write(const Batch& batch) {
  Status status = write_blocks(batch);
  if (status) status = write_names(batch);
  if (status) status = write_rest(batch);
  return status;
}

Status Store::write_blocks(const Batch& batch) {
  for (const uint64_t first : batch.erase_blocks) {
    if (Status status = erase_block_.bind(1, static_cast<int64_t>(first)).run(); !status) return status;
  }
  for (const StoredBlock& block : batch.blocks) {
    const std::string summary = encode(block.summary);
    insert_block_.bind(1, static_cast<int64_t>(block.summary.first)).blob(2, summary).blob(3, block.body);
    if (Status status = insert_block_.run(); !status) return status;
  }
  return {};
}

Status Store::write_names(const Batch& batch) {
  for (Statement* insert : {&insert_name_, &insert_copy_}) {
    for (const Dictionary::Row& row : batch.names) {
      if (Status status = insert->bind(1, row.id).bind(2, row.device).text(3, row.name).bind(4, name_sum(row)).run(); !status)
        return status;
    }
  }
  return {};
}

Status Store::write_rest(const Batch& batch) {
  Status status;
  const auto meta = [&](const char* key, int64_t value) { status = set_meta_.text(1, key).bind(2, value).run(); };
  for (const StoredUplink& uplink : batch.uplinks) {
    const int64_t sum = uplink_sum(uplink.id, uplink.name);
    insert_uplink_.bind(1, uplink.id).text(2, uplink.name).blob(3, uplink.cursor).bind(4, sum);
    if (status) status = insert_uplink_.run();
    if (status) status = insert_uplink_name_.bind(1, uplink.id).text(2, uplink.name).bind(3, sum).run();
  }
  for (const uint32_t id : batch.erase_uplinks) {
    if (status) status = erase_uplink_.bind(1, id).run();
    if (status) status = erase_uplink_name_.bind(1, id).run();
  }
  for (const StoredLoss& stored : batch.losses) {
    const Loss& loss = stored.loss;
    insert_loss_.bind(1, stored.id).text(2, loss.uplink).bind(3, ns(loss.from)).bind(4, ns(loss.to));
    if (status) status = insert_loss_.bind(5, static_cast<int64_t>(loss.samples)).text(6, loss.why).run();
  }
  for (const int64_t id : batch.erase_losses) {
    if (status) status = erase_loss_.bind(1, id).run();
  }
  for (const DeadLetter& dead : batch.dead_letters) {
    insert_dead_.text(1, dead.uplink).text(2, dead.why).bind(3, ns(dead.at)).blob(4, dead.body);
    if (status) status = insert_dead_.run();
  }
  if (status && !batch.dead_letters.empty()) status = trim_dead_.bind(1, static_cast<int64_t>(keep_dead_)).run();
  if (status && batch.boot) meta("boot", static_cast<int64_t>(*batch.boot));
  if (status && batch.boot) meta("boot_sum", boot_sum(*batch.boot));
  if (status && batch.last_uplink) meta("last_uplink", *batch.last_uplink);
  if (status && batch.clean) meta("clean", *batch.clean ? 1 : 0);
  return status;
}

Result<std::string> Store::read(uint64_t first) {
  const Result<bool> row = read_block_.bind(1, static_cast<int64_t>(first)).step();
  if (!row.ok()) return row.status();
  if (!*row) {
    read_block_.reset();
    return {Fault::not_found, "no such block"};
  }
  std::string body(read_block_.bytes(0));
  read_block_.reset();
  return body;
}

void Store::measure() {
  const Result<int64_t> pages = db_.number("PRAGMA page_count");
  const Result<int64_t> free = db_.number("PRAGMA freelist_count");
  if (pages.ok() && free.ok()) {
    pages_ = static_cast<uint64_t>(*pages);
    used_pages_ = pages_ - std::min(pages_, static_cast<uint64_t>(*free));
  }
  wal_bytes_ = db_.wal_bytes();
}

Status Store::vacuum(uint32_t pages) {
  const std::string sql = "PRAGMA incremental_vacuum(" + std::to_string(pages) + ")";
  Status status = db_.run(sql.c_str());
  if (status) measure();
  return status;
}

Status Store::checkpoint() {
  Status status = db_.checkpoint(true);
  measure();
  return status;
}

}  // namespace ferrule::outbox

#include "outbox/database.h"

#include <sqlite3.h>

namespace ferrule::outbox {

namespace {

// EXTRA for the switch, which deletes a rollback journal: were its name to come back after a power cut, it would undo what was
// checkpointed since. The switch syncs the file.
constexpr const char* kToLog = "PRAGMA synchronous=EXTRA; PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL";

Status failure(sqlite3* db, int code) {
  const int primary = code & 0xff;
  Fault fault = Fault::io;
  if (primary == SQLITE_FULL) fault = Fault::full;
  if (primary == SQLITE_CORRUPT || primary == SQLITE_NOTADB) fault = Fault::corrupt;
  // Our statements are fixed: where they do not fit the tables, the tables are damaged.
  if (primary == SQLITE_ERROR || primary == SQLITE_CONSTRAINT || primary == SQLITE_MISMATCH) fault = Fault::corrupt;
  if (primary == SQLITE_BUSY || primary == SQLITE_LOCKED) fault = Fault::refused;
  std::string what = sqlite3_errstr(code);
  if (db != nullptr && what != sqlite3_errmsg(db)) what = what + ": " + sqlite3_errmsg(db);
  if (primary == SQLITE_BUSY) what = "another process has the file open";
  return {fault, static_cast<uint16_t>(code), std::move(what)};
}

}  // namespace

void Statement::Finalize::operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }

Statement& Statement::bind(int at, int64_t number) {
  sqlite3_bind_int64(statement_.get(), at, number);
  return *this;
}

Statement& Statement::text(int at, std::string_view text) {
  sqlite3_bind_text64(statement_.get(), at, text.data() == nullptr ? "" : text.data(), text.size(), SQLITE_STATIC, SQLITE_UTF8);
  return *this;
}

Statement& Statement::blob(int at, std::string_view bytes) {
  sqlite3_bind_blob64(statement_.get(), at, bytes.data(), bytes.size(), SQLITE_STATIC);
  return *this;
}

Result<bool> Statement::step() {
  const int code = sqlite3_step(statement_.get());
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  Status status = failure(db_, code);
  reset();
  return status;
}

Status Statement::run() {
  while (true) {
    const Result<bool> row = step();
    if (!row.ok()) return row.status();
    if (!*row) break;
  }
  reset();
  return {};
}

void Statement::reset() {
  sqlite3_reset(statement_.get());
  sqlite3_clear_bindings(statement_.get());
}

int64_t Statement::number(int column) const { return sqlite3_column_int64(statement_.get(), column); }

std::string_view Statement::bytes(int column) const {
  const auto* bytes = static_cast<const char*>(sqlite3_column_blob(statement_.get(), column));
  return {bytes, static_cast<size_t>(sqlite3_column_bytes(statement_.get(), column))};
}

void Database::Close::operator()(sqlite3* db) const { sqlite3_close_v2(db); }

Result<Database> Database::open(const std::string& path, const std::string& vfs, Mode mode) {
  sqlite3* db = nullptr;
  const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | (mode == Mode::owner ? SQLITE_OPEN_CREATE : 0);
  const int code = sqlite3_open_v2(path.c_str(), &db, flags, vfs.empty() ? nullptr : vfs.c_str());
  Database database;
  database.db_.reset(db);
  if (code != SQLITE_OK) return failure(db, code);
  sqlite3_extended_result_codes(db, 1);
  if (mode == Mode::salvage) {
    sqlite3_db_config(db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
    Status status = database.run("PRAGMA locking_mode=EXCLUSIVE; PRAGMA wal_autocheckpoint=0");
    if (!status) return status;
    return database;
  }
  if (Status status = database.own(); !status) return status;
  return database;
}

Status Database::own() {
  // Before the first look at the file, so that shared memory is never asked for: not every VFS has it.
  if (Status status = run("PRAGMA locking_mode=EXCLUSIVE"); !status) return status;
  const Result<int64_t> pages = number("PRAGMA page_count");
  if (!pages) return pages.status();
  // Only before the first table; on an existing file it would write.
  if (*pages == 0) {
    const std::string sql = "PRAGMA page_size=" + std::to_string(kPage) + "; PRAGMA auto_vacuum=INCREMENTAL";
    if (Status status = run(sql.c_str()); !status) return status;
  }
  // Deleted pages need no overwriting with zeros: they hold nothing more secret than the live ones.
  Status status =
      run("PRAGMA secure_delete=OFF; PRAGMA foreign_keys=OFF; PRAGMA temp_store=MEMORY;"
          "PRAGMA cache_size=-2048");
  if (status) status = run(kToLog);
  return status;
}

Status Database::begin_bulk() { return run("PRAGMA journal_mode=MEMORY; PRAGMA synchronous=OFF"); }

Status Database::end_bulk() { return run(kToLog); }

Status Database::run(const char* sql) {
  const int code = sqlite3_exec(db_.get(), sql, nullptr, nullptr, nullptr);
  return code == SQLITE_OK ? Status{} : failure(db_.get(), code);
}

Result<Statement> Database::prepare(std::string_view sql) {
  sqlite3_stmt* statement = nullptr;
  const int code =
      sqlite3_prepare_v3(db_.get(), sql.data(), static_cast<int>(sql.size()), SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
  if (code != SQLITE_OK) return failure(db_.get(), code);
  return Statement(db_.get(), statement);
}

Result<int64_t> Database::number(const char* sql) {
  Result<Statement> statement = prepare(sql);
  if (!statement) return statement.status();
  const Result<bool> row = statement->step();
  if (!row.ok()) return row.status();
  if (!*row) return {Fault::not_found, std::string("no row from ") + sql};
  return statement->number(0);
}

uint64_t Database::wal_bytes() const {
  sqlite3_file* wal = nullptr;
  sqlite3_int64 bytes = 0;
  if (sqlite3_file_control(db_.get(), "main", SQLITE_FCNTL_JOURNAL_POINTER, static_cast<void*>(&wal)) != SQLITE_OK) return 0;
  if (wal == nullptr || wal->pMethods == nullptr || wal->pMethods->xFileSize(wal, &bytes) != SQLITE_OK) return 0;
  return static_cast<uint64_t>(bytes);
}

Status Database::checkpoint(bool truncate) {
  const int mode = truncate ? SQLITE_CHECKPOINT_TRUNCATE : SQLITE_CHECKPOINT_PASSIVE;
  const int code = sqlite3_wal_checkpoint_v2(db_.get(), "main", mode, nullptr, nullptr);
  return code == SQLITE_OK ? Status{} : failure(db_.get(), code);
}

}  // namespace ferrule::outbox

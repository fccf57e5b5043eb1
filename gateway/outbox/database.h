// RAII over one SQLite connection. Errors are Status values: full (no space), corrupt, refused (another process has the file),
// io; detail() is SQLite's extended code. Outbox thread only.
//
// Opened for one owner: locking_mode=EXCLUSIVE (no shared memory file, a second process is refused), WAL, synchronous=FULL.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>

#include "core/status.h"

struct sqlite3;
struct sqlite3_stmt;

namespace ferrule::outbox {

class Statement {
 public:
  Statement() = default;
  Statement(sqlite3* db, sqlite3_stmt* statement) : db_(db), statement_(statement) {}

  // Parameters count from 1. Text and blobs are not copied: they live until the next reset().
  Statement& bind(int at, int64_t number);
  Statement& text(int at, std::string_view text);
  Statement& blob(int at, std::string_view bytes);

  Result<bool> step();  // true: there is a row
  Status run();         // to its end, then reset
  void reset();

  int64_t number(int column) const;
  std::string_view bytes(int column) const;  // text or blob; valid until the next step

 private:
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const;
  };
  sqlite3* db_ = nullptr;
  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
};

class Database {
 public:
  // Of a new file. Small, because a commit writes whole pages and most commits hold little: at 1,000 samples/s an outage writes
  // 1.1 GB a day with 1 KiB and 2.1 GB with SQLite's 4 KiB.
  static constexpr uint32_t kPage = 1024;
  // existing: an owner that makes no file. salvage: changes nothing in the file, WAL included.
  enum class Mode : uint8_t { owner, existing, salvage };

  static Result<Database> open(const std::string& path, const std::string& vfs, Mode mode);

  Status run(const char* sql);
  Result<Statement> prepare(std::string_view sql);
  Result<int64_t> number(const char* sql);  // the first column of the first row

  uint64_t wal_bytes() const;
  // Between these two nothing is durable: for a file that nobody needs before end_bulk(), which syncs it.
  Status begin_bulk();
  Status end_bulk();
  Status checkpoint(bool truncate);  // truncate: and empty the write-ahead log

 private:
  Status own();

  struct Close {
    void operator()(sqlite3* db) const;
  };
  std::unique_ptr<sqlite3, Close> db_;
};

}  // namespace ferrule::outbox

// Rows of the outbox's tables to values and back: what opening, salvaging and migrating a file share.
#pragma once

#include "outbox/database.h"
#include "outbox/schema.h"
#include "outbox/store.h"

namespace ferrule::outbox {

inline constexpr const char* kSelectLosses = "SELECT id, uplink, from_ns, to_ns, samples, why, sum FROM losses";
inline constexpr const char* kInsertLoss = "INSERT OR REPLACE INTO losses VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7)";

inline WallTime wall(int64_t ns) { return WallTime(Duration(ns)); }
inline int64_t ns(WallTime at) { return at.time_since_epoch().count(); }

// Calls use(row) for each row until the end or the first Status that is not ok.
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

// uplink, from_ns, to_ns, samples, why, from this column on.
inline Loss loss_of(const Statement& row, int at) {
  return {std::string(row.bytes(at)), wall(row.number(at + 1)), wall(row.number(at + 2)),
          static_cast<uint64_t>(row.number(at + 3)), std::string(row.bytes(at + 4))};
}

inline Statement& bind(Statement& insert, const StoredLoss& stored) {
  const Loss& loss = stored.loss;
  insert.bind(1, stored.id).text(2, loss.uplink).bind(3, ns(loss.from)).bind(4, ns(loss.to));
  return insert.bind(5, static_cast<int64_t>(loss.samples)).text(6, loss.why).bind(7, loss_sum(stored.id, loss));
}

}  // namespace ferrule::outbox

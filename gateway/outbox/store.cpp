#include "outbox/store.h"

#include <algorithm>
#include <utility>

#include "outbox/bytes.h"
#include "outbox/crc32.h"
#include "outbox/rows.h"

namespace ferrule::outbox {

namespace {

constexpr uint64_t kApart = 32u << 10;

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
  Result<Database> db =
      Database::open(settings.path, settings.vfs, settings.create ? Database::Mode::owner : Database::Mode::existing);
  if (!db) return db.status();
  Store store;
  store.db_ = std::move(*db);
  store.keep_dead_ = settings.dead_letters;
  const Result<int64_t> page = store.db_.number("PRAGMA page_size");
  if (!page) return page.status();
  store.page_ = static_cast<uint64_t>(*page);
  const uint64_t wal_pages = std::max<uint64_t>(settings.wal_bytes / store.page_, 16);
  const std::string wal = std::string(settings.synchronous ? "" : "PRAGMA synchronous=NORMAL;") +
                          "PRAGMA wal_autocheckpoint=" + std::to_string(wal_pages) +
                          ";PRAGMA journal_size_limit=" + std::to_string(wal_pages * store.page_);
  Status status = store.db_.run(wal.c_str());
  if (status) status = prepare_schema(store.db_);
  if (status) status = store.load(contents);
  if (status && !contents.clean) status = store.check(settings);
  if (status) status = store.prepare();
  if (!status) return status;
  store.measure();
  return store;
}

Status Store::check(const StoreSettings& settings) {
  const Result<int64_t> pages = db_.number("PRAGMA page_count");
  if (!pages) return pages.status();
  if (static_cast<uint64_t>(*pages) * page_ > settings.check_bytes) return {};
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
    status = each_row(db_, kSelectLosses, [&](const Statement& row) -> Status {
      contents.losses.push_back({row.number(0), loss_of(row, 1)});
      if (row.number(6) == loss_sum(row.number(0), contents.losses.back().loss)) return {};
      return {Fault::corrupt, "a stored loss has a wrong checksum"};
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
      {&copy_names_, "INSERT INTO names_copy SELECT * FROM names WHERE id NOT IN (SELECT id FROM names_copy)"},
      {&insert_uplink_, "INSERT OR REPLACE INTO uplinks VALUES(?1, ?2, ?3, ?4)"},
      {&insert_uplink_name_, "INSERT OR IGNORE INTO uplink_names VALUES(?1, ?2, ?3)"},
      {&erase_uplink_name_, "DELETE FROM uplink_names WHERE id = ?1"},
      {&erase_uplink_, "DELETE FROM uplinks WHERE id = ?1"},
      {&insert_loss_, kInsertLoss},
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
  if (std::exchange(copied_, false)) copies_due_ = false, since_names_ = 0;
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
  for (const Dictionary::Row& row : batch.names) {
    insert_name_.bind(1, row.id).bind(2, row.device).text(3, row.name).bind(4, name_sum(row));
    if (Status status = insert_name_.run(); !status) return status;
  }
  copies_due_ = copies_due_ || !batch.names.empty();
  for (const StoredBlock& block : batch.blocks) since_names_ += block.body.size();
  // When enough was written in between that they lie elsewhere: what dies on a disk is larger than a page.
  copied_ = copies_due_ && (since_names_ >= kApart || batch.clean.value_or(false));
  return copied_ ? copy_names_.run() : Status{};
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
  for (const StoredLoss& loss : batch.losses) {
    if (status) status = bind(insert_loss_, loss).run();
  }
  for (const int64_t id : batch.erase_losses) {
    if (status) status = erase_loss_.bind(1, id).run();
  }
  if (status && batch.erase_dead_letters) status = db_.run("DELETE FROM dead_letters");
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

Result<std::vector<StoredDeadLetter>> Store::dead_letters(int64_t after, size_t most) {
  std::vector<StoredDeadLetter> found;
  const std::string sql = "SELECT id, uplink, why, at_ns, body FROM dead_letters WHERE id > " + std::to_string(after) +
                          " ORDER BY id LIMIT " + std::to_string(most);
  Status status = each_row(db_, sql.c_str(), [&](const Statement& row) -> Status {
    found.push_back(
        {row.number(0), {std::string(row.bytes(1)), std::string(row.bytes(2)), wall(row.number(3)), std::string(row.bytes(4))}});
    return {};
  });
  if (!status) return status;
  return found;
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

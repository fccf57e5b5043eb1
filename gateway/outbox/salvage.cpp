#include "outbox/salvage.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <ctime>
#include <filesystem>
#include <map>
#include <set>

#include "outbox/leaf_scan.h"
#include "outbox/ledger.h"
#include "outbox/rows.h"

namespace ferrule::outbox {

namespace {

namespace fs = std::filesystem;

constexpr int kMostQueries = 20'000;
constexpr size_t kAtOnce = 64;  // blocks per transaction

std::string utc(WallTime at) {
  const std::time_t seconds = unix_ms(at) / 1000;
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  char text[32];
  return {text, std::strftime(text, sizeof text, "%Y%m%dT%H%M%SZ", &parts)};
}

void sync_folder(const std::string& path) {
  const std::string folder = fs::path(path).has_parent_path() ? fs::path(path).parent_path().string() : ".";
  const int fd = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return;
  (void)::fsync(fd);
  ::close(fd);
}

bool exists(const std::string& path) {
  std::error_code ignored;
  return fs::exists(path, ignored);
}

Status rename(const std::string& from, const std::string& to) {
  std::error_code error;
  fs::rename(from, to, error);
  if (error) return {Fault::io, "cannot rename " + from + ": " + error.message()};
  return {};
}

void remove(const std::string& path) {
  std::error_code ignored;
  for (const char* suffix : {"", "-wal", "-shm", "-journal"}) fs::remove(path + suffix, ignored);
}

// Reads a damaged file table by table; a page that fails costs what is on it.
class Rescue {
 public:
  // `from` is null where SQLite does not even open the file.
  Rescue(Database* from, std::string path, Store& to) : from_(from), path_(std::move(path)), to_(to) {}

  void run() {
    failed_ = from_ == nullptr;
    if (from_ != nullptr) small_tables();
    boot_known_ = batch_.boot.has_value();
    if (from_ != nullptr) blocks(1, INT64_MAX);
    if (failed_) unreachable();
    for (auto& [id, uplink] : uplinks_) batch_.uplinks.push_back(std::move(uplink));
    flush();
  }

  bool boot_known() const { return boot_known_; }
  uint64_t last_boot() const { return boot_; }

  size_t found() const { return found_; }
  size_t sound() const { return sound_; }

 private:
  // Calls use(row) until the end or the first failure; true: to the end.
  template <class Use>
  bool each(Statement& statement, Use&& use) {
    while (true) {
      const Result<bool> row = statement.step();
      if (!row.ok()) return failed_ = true, false;
      if (!*row) return statement.reset(), true;
      use(statement);
    }
  }
  template <class Use>
  void table(const char* sql, Use&& use) {
    Result<Statement> statement = from_->prepare(sql);
    if (statement) {
      each(*statement, use);
    } else {
      failed_ = true;
    }
  }

  void keep_name(Dictionary::Row row, int64_t sum) {
    if (sum == name_sum(row) && names_.insert(row.id).second) batch_.names.push_back(std::move(row));
  }
  void keep_uplink(uint32_t id, std::string name, int64_t sum) {
    if (sum == uplink_sum(id, name)) uplinks_.try_emplace(id, StoredUplink{id, std::move(name), {}});
  }
  void keep_cursor(uint32_t id, std::string cursor) {  // of several, an old one only makes us send again
    const auto uplink = uplinks_.find(id);
    if (uplink != uplinks_.end() && uplink->second.cursor.empty() && decode_cursor(cursor).ok()) {
      uplink->second.cursor = std::move(cursor);
    }
  }

  void keep_loss(StoredLoss loss, int64_t sum) {
    if (sum == loss_sum(loss.id, loss.loss) && losses_.insert(loss.id).second) batch_.losses.push_back(std::move(loss));
  }
  void keep_dead(int64_t id, DeadLetter dead) {
    if (verify(dead.body).ok() && dead_letters_.insert(id).second) batch_.dead_letters.push_back(std::move(dead));
  }

  void small_tables() {
    for (const char* sql :
         {"SELECT id, device, name, sum FROM names ORDER BY id", "SELECT id, device, name, sum FROM names_copy ORDER BY id",
          "SELECT id, device, name, sum FROM names ORDER BY id DESC"}) {
      table(sql, [&](const Statement& row) {
        keep_name({static_cast<uint32_t>(row.number(0)), static_cast<uint32_t>(row.number(1)), std::string(row.bytes(2))},
                  row.number(3));
      });
    }
    table("SELECT id, name, sum FROM uplink_names", [&](const Statement& row) {
      keep_uplink(static_cast<uint32_t>(row.number(0)), std::string(row.bytes(1)), row.number(2));
    });
    table("SELECT id, name, cursor, sum FROM uplinks", [&](const Statement& row) {
      keep_uplink(static_cast<uint32_t>(row.number(0)), std::string(row.bytes(1)), row.number(3));
      keep_cursor(static_cast<uint32_t>(row.number(0)), std::string(row.bytes(2)));
    });
    table("SELECT id, uplink, why, at_ns, body FROM dead_letters", [&](const Statement& row) {
      keep_dead(row.number(0),
                {std::string(row.bytes(1)), std::string(row.bytes(2)), wall(row.number(3)), std::string(row.bytes(4))});
    });
    table(kSelectLosses, [&](const Statement& row) { keep_loss({row.number(0), loss_of(row, 1)}, row.number(6)); });
    int64_t sum = -1;
    table("SELECT key, value FROM meta", [&](const Statement& row) {
      if (row.bytes(0) == "boot") batch_.boot = static_cast<uint64_t>(row.number(1));
      if (row.bytes(0) == "boot_sum") sum = row.number(1);
      if (row.bytes(0) == "last_uplink") batch_.last_uplink = static_cast<uint32_t>(row.number(1));
    });
    if (batch_.boot && sum != boot_sum(*batch_.boot)) batch_.boot.reset();
  }

  // What SQLite cannot reach any more. Rows are known by their shape and their checksums.
  void unreachable() {
    scan_leaves(path_, [this](ScannedRow& row) {
      const auto is = [&](std::initializer_list<ScannedValue::Kind> kinds) {
        return std::equal(kinds.begin(), kinds.end(), row.values.begin(), row.values.end(),
                          [](ScannedValue::Kind kind, const ScannedValue& value) { return value.kind == kind; });
      };
      using enum ScannedValue::Kind;
      auto& values = row.values;
      const auto id = static_cast<uint32_t>(row.id);
      if (is({null, number, text, number})) {
        keep_name({id, static_cast<uint32_t>(values[1].number), std::move(values[2].bytes)}, values[3].number);
      } else if (is({null, text, number})) {
        keep_uplink(id, std::move(values[1].bytes), values[2].number);
      } else if (is({null, text, blob, number})) {
        keep_uplink(id, std::move(values[1].bytes), values[3].number);
        cursors_.emplace_back(id, std::move(values[2].bytes));
      } else if (is({null, blob, blob})) {
        keep(values[1].bytes, values[2].bytes);
      } else if (is({null, text, text, number, blob})) {
        keep_dead(row.id,
                  {std::move(values[1].bytes), std::move(values[2].bytes), wall(values[3].number), std::move(values[4].bytes)});
      } else if (is({null, text, number, number, number, text, number})) {
        keep_loss({row.id,
                   {std::move(values[1].bytes), wall(values[2].number), wall(values[3].number),
                    static_cast<uint64_t>(values[4].number), std::move(values[5].bytes)}},
                  values[6].number);
      }
    });
    for (auto& [id, cursor] : cursors_) keep_cursor(id, std::move(cursor));
  }

  // Between two keys: upwards to the first failure, then downwards to it; what is left is tried in halves.
  void blocks(int64_t low, int64_t high) {
    if (low > high || queries_ >= kMostQueries) return;
    if (scan("SELECT first, summary, body FROM blocks WHERE first >= ?1 AND first <= ?2 ORDER BY first", low, high,
             [&](int64_t at) { low = at + 1; })) {
      return;
    }
    if (scan("SELECT first, summary, body FROM blocks WHERE first >= ?1 AND first <= ?2 ORDER BY first DESC", low, high,
             [&](int64_t at) { high = at - 1; })) {
      return;
    }
    if (low >= high) return;
    const int64_t middle = low + (high - low) / 2;
    blocks(low, middle);
    blocks(middle + 1, high);
  }

  template <class Seen>
  bool scan(const char* sql, int64_t low, int64_t high, Seen&& seen) {
    ++queries_;
    Result<Statement> statement = from_->prepare(sql);
    if (!statement) {  // the schema itself is gone
      queries_ = kMostQueries;
      failed_ = true;
      return false;
    }
    statement->bind(1, low).bind(2, high);
    return each(*statement, [&](const Statement& row) {
      keep(row.bytes(1), row.bytes(2));
      seen(row.number(0));
    });
  }

  void keep(std::string_view summary_bytes, std::string_view body) {
    Result<Summary> summary = decode_summary(summary_bytes);
    if (!summary || overlaps(*summary)) return;
    ranges_.add(summary->first, summary->last);
    ++found_;
    // A damaged body is taken along: whoever reads it knows from the summary what is lost.
    if (verify(body).ok()) ++sound_;
    boot_ = std::max(boot_, summary->boot);
    batch_.blocks.push_back({std::move(*summary), std::string(body)});
    if (batch_.blocks.size() >= kAtOnce) flush();
  }

  // Known already, or a stale one that was merged since.
  bool overlaps(const Summary& summary) const { return ranges_.count(summary.first, summary.last) > 0; }

  void flush() {
    if (!batch_.boot) batch_.boot = boot_;
    boot_ = std::max(boot_, *batch_.boot);
    batch_.boot = boot_;
    batch_.clean = true;
    if (!to_.apply(batch_).ok()) queries_ = kMostQueries;  // the disk is full: what is saved is saved
    batch_ = {};
  }

  Database* from_;
  const std::string path_;
  Store& to_;
  Batch batch_;
  std::set<uint32_t> names_;
  std::set<int64_t> losses_, dead_letters_;
  std::map<uint32_t, StoredUplink> uplinks_;
  std::vector<std::pair<uint32_t, std::string>> cursors_;
  RangeSet ranges_;  // of the blocks that were kept
  size_t found_ = 0, sound_ = 0;
  bool failed_ = false;  // something could not be reached
  int queries_ = 0;
  uint64_t boot_ = 0;
  bool boot_known_ = false;
};

}  // namespace

Result<std::string> salvage(const StoreSettings& settings, const Clock& clock, const Status& why) {
  const std::string fresh_path = settings.path + ".salvage";
  remove(fresh_path);
  StoreSettings fresh_settings = settings;
  fresh_settings.path = fresh_path;
  size_t found = 0, sound = 0;
  uint64_t boot = 0;
  bool boot_known = false;
  {
    Contents nothing;
    Result<Store> fresh = Store::open(fresh_settings, nothing);
    if (!fresh) return fresh.status();
    Result<Database> damaged = Database::open(settings.path, settings.vfs, Database::Mode::salvage);
    if (why.fault() == Fault::corrupt) {
      if (Status status = fresh->begin_bulk(); !status) return status;
      Rescue rescue(damaged ? &*damaged : nullptr, settings.path, *fresh);
      rescue.run();
      found = rescue.found();
      sound = rescue.sound();
      boot = rescue.last_boot();
      boot_known = rescue.boot_known();
      if (Status status = fresh->end_bulk(); !status) return status;
    }
    if (!boot_known) {  // a number that no earlier boot had: receivers drop (boot, seq) that they know
      Batch number;
      number.boot = std::max(boot, static_cast<uint64_t>(std::max<int64_t>(unix_ms(clock.wall()) / 1000, 0)));
      if (Status status = fresh->apply(number); !status) return status;
    }
    if (Status status = fresh->checkpoint(); !status) return status;
  }
  const std::string aside = settings.path + ".corrupt-" + utc(clock.wall());
  if (Status status = rename(settings.path, aside); !status) return status;
  if (exists(settings.path + "-wal")) {
    if (Status status = rename(settings.path + "-wal", aside + "-wal"); !status) return status;
  }
  if (Status status = rename(fresh_path, settings.path); !status) return status;
  sync_folder(settings.path);
  return "the outbox file was damaged (" + why.what() + "): set aside as " + aside + ", salvaged " + std::to_string(sound) +
         " of " + std::to_string(found) + " blocks found";
}

Status finish_salvage(const std::string& path) {
  const std::string fresh = path + ".salvage";
  if (!exists(fresh)) return {};
  if (exists(path)) {
    remove(fresh);
    return {};
  }
  // The file was set aside, the fresh one is complete. A log that is still here belongs to the old one.
  if (exists(path + "-wal")) {
    if (Status status = rename(path + "-wal", path + ".corrupt-wal"); !status) return status;
  }
  Status status = rename(fresh, path);
  sync_folder(path);
  return status;
}

}  // namespace ferrule::outbox

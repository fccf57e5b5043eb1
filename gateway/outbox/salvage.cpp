#include "outbox/salvage.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <ctime>
#include <filesystem>
#include <set>

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
  Rescue(Database& from, Store& to) : from_(from), to_(to) {}

  void run() {
    small_tables();
    boot_known_ = batch_.boot.has_value();
    flush();
    blocks(1, INT64_MAX);
    flush();
  }

  bool boot_known() const { return boot_known_; }
  uint64_t last_boot() const { return boot_; }

  size_t found() const { return seen_.size(); }
  size_t sound() const { return sound_; }

 private:
  // Calls use(row) until the end or the first failure; true: to the end.
  template <class Use>
  bool each(Statement& statement, Use&& use) {
    while (true) {
      const Result<bool> row = statement.step();
      if (!row.ok()) return false;
      if (!*row) return statement.reset(), true;
      use(statement);
    }
  }
  template <class Use>
  void table(const char* sql, Use&& use) {
    Result<Statement> statement = from_.prepare(sql);
    if (statement) each(*statement, use);
  }

  void small_tables() {
    for (const char* sql :
         {"SELECT id, device, name FROM names ORDER BY id", "SELECT id, device, name FROM names_copy ORDER BY id",
          "SELECT id, device, name FROM names ORDER BY id DESC"}) {
      table(sql, [&](const Statement& row) {
        batch_.names.push_back(
            {static_cast<uint32_t>(row.number(0)), static_cast<uint32_t>(row.number(1)), std::string(row.bytes(2))});
      });
    }
    for (const char* sql : {"SELECT id, name, x'' FROM uplink_names", "SELECT id, name, cursor FROM uplinks"}) {
      table(sql, [&](const Statement& row) {
        batch_.uplinks.push_back({static_cast<uint32_t>(row.number(0)), std::string(row.bytes(1)), std::string(row.bytes(2))});
      });
    }
    table("SELECT id, uplink, from_ns, to_ns, samples, why FROM losses", [&](const Statement& row) {
      const Loss loss{std::string(row.bytes(1)), WallTime(Duration(row.number(2))), WallTime(Duration(row.number(3))),
                      static_cast<uint64_t>(row.number(4)), std::string(row.bytes(5))};
      batch_.losses.push_back({row.number(0), loss});
    });
    table("SELECT uplink, why, at_ns, body FROM dead_letters", [&](const Statement& row) {
      batch_.dead_letters.push_back(
          {std::string(row.bytes(0)), std::string(row.bytes(1)), WallTime(Duration(row.number(2))), std::string(row.bytes(3))});
    });
    table("SELECT key, value FROM meta", [&](const Statement& row) {
      if (row.bytes(0) == "boot") batch_.boot = static_cast<uint64_t>(row.number(1));
      if (row.bytes(0) == "last_uplink") batch_.last_uplink = static_cast<uint32_t>(row.number(1));
    });
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
    Result<Statement> statement = from_.prepare(sql);
    if (!statement) return queries_ = kMostQueries, false;  // the schema itself is gone
    statement->bind(1, low).bind(2, high);
    return each(*statement, [&](const Statement& row) {
      keep(row);
      seen(row.number(0));
    });
  }

  void keep(const Statement& row) {
    Result<Summary> summary = decode_summary(row.bytes(1));
    if (!summary || summary->first != static_cast<uint64_t>(row.number(0)) || !seen_.insert(summary->first).second) return;
    // A damaged body is taken along: whoever reads it knows from the summary what is lost.
    if (verify(row.bytes(2)).ok()) ++sound_;
    boot_ = std::max(boot_, summary->boot);
    batch_.blocks.push_back({std::move(*summary), std::string(row.bytes(2))});
    if (batch_.blocks.size() >= kAtOnce) flush();
  }

  void flush() {
    if (!batch_.boot) batch_.boot = boot_;
    boot_ = std::max(boot_, *batch_.boot);
    batch_.boot = boot_;
    batch_.clean = true;
    if (!to_.apply(batch_).ok()) queries_ = kMostQueries;  // the disk is full: what is saved is saved
    batch_ = {};
  }

  Database& from_;
  Store& to_;
  Batch batch_;
  std::set<uint64_t> seen_;
  size_t sound_ = 0;
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
    if (damaged && why.fault() == Fault::corrupt) {
      Rescue rescue(*damaged, *fresh);
      rescue.run();
      found = rescue.found();
      sound = rescue.sound();
      boot = rescue.last_boot();
      boot_known = rescue.boot_known();
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

// A disk in memory under SQLite, whose power can be cut at any call and whose calls can be told to fail. Several may exist at
// once; one thread each.
//
// What a cut leaves of a file is what its last sync made durable plus any part of what was written since: nothing, all, the first
// so many writes, or any sectors in any order, one of them torn in the middle or filled with noise. A file that was created and
// never synced may be missing, one that was deleted may be back. As on the disks that SQLite assumes by default, bytes that
// nobody wrote stay what they were (powersafe overwrite).
#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

namespace ferrule {

class MemoryDisk {
 public:
  static constexpr size_t kSector = 512;

  struct Faults {
    int code = SQLITE_OK;   // what failing calls return: SQLITE_FULL, SQLITE_IOERR_WRITE, SQLITE_IOERR_FSYNC, SQLITE_READONLY
    uint64_t after = 0;     // so many calls that change something succeed first
    bool for_ever = false;  // else one call fails
    bool only_syncs = false;
  };
  struct Counts {
    uint64_t changes = 0;  // calls that change something: write, truncate, sync, delete, create
    uint64_t syncs = 0;
    uint64_t bytes_written = 0;
  };

  explicit MemoryDisk(const std::string& name);  // as SQLite knows it
  ~MemoryDisk();
  MemoryDisk(const MemoryDisk&) = delete;
  MemoryDisk& operator=(const MemoryDisk&) = delete;

  const std::string& name() const { return name_; }
  const Counts& counts() const { return counts_; }

  // The power goes at the n-th change from now (1: the next one, which is not done). From then on every call fails.
  void cut_at(uint64_t nth) { cut_at_ = counts_.changes + nth; }
  void never_cut() { cut_at_ = UINT64_MAX; }
  bool dark() const { return dark_; }
  // Power is back: the files are what the cut left of them. Every connection must be closed.
  void power_on(std::mt19937& random);

  void fail(const Faults& faults);
  void heal() { faults_ = {}; }
  void ignore_syncs(bool ignore) { ignores_syncs_ = ignore; }  // a disk that lies

  bool exists(const std::string& path) const { return names_.contains(path); }
  // The contents of a file, to look at or to spoil.
  std::string& bytes(const std::string& path) { return names_.at(path)->now; }
  void put(const std::string& path, std::string bytes);  // a file and no write-ahead log, durable
  void copy_from(const MemoryDisk& other);               // every file, durable

  // The pages of `size` bytes that were read since the last call: which of them a query needs.
  std::vector<uint64_t> pages_read(size_t size);

 private:
  struct Change {  // a write or, with `truncate`, a new size
    uint64_t at = 0;
    std::string bytes;
    bool truncate = false;
  };
  struct File {
    std::string now, durable;
    std::vector<Change> pending;  // what durable lacks of now
  };
  struct Handle : sqlite3_file {
    MemoryDisk* disk;
    std::shared_ptr<File> file;
  };
  using Names = std::map<std::string, std::shared_ptr<File>>;

  int change(bool sync);
  void settle_names(std::mt19937& random);
  static void apply(std::string& to, const Change& change);
  static void leave(File& file, std::mt19937& random);
  static void leave_sectors(File& file, std::mt19937& random);

  int open(const char* path, Handle& handle, int flags, int* out);
  int erase(const char* path, bool sync);
  int read(Handle& handle, void* to, int count, int64_t at);
  int write(Handle& handle, const void* bytes, int count, int64_t at);
  int truncate(Handle& handle, int64_t size);
  int sync(Handle& handle);
  static const sqlite3_io_methods* methods();
  static MemoryDisk& of(sqlite3_vfs* vfs) { return *static_cast<MemoryDisk*>(vfs->pAppData); }

  const std::string name_;
  sqlite3_vfs vfs_{};
  Names names_, durable_names_;
  Faults faults_;
  Counts counts_;
  uint64_t cut_at_ = UINT64_MAX;
  uint64_t faults_from_ = 0;  // counts_.changes when the faults were set
  bool dark_ = false;
  bool ignores_syncs_ = false;
  std::vector<std::pair<int64_t, int>> reads_;
};

}  // namespace ferrule

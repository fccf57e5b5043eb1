// A SQLite VFS over the default one whose disk can be told to fail: full, broken at writing, broken at syncing, or at the n-th of
// those calls. One at a time; registered as "faulty".
#pragma once

#include <sqlite3.h>

#include <cstring>
#include <new>

namespace ferrule {

struct DiskFaults {
  bool full = false;
  int fail_after = -1;  // so many writes, syncs and truncations succeed, then all fail; -1: all succeed
  int calls = 0;
  int syncs = 0;

  // SQLITE_OK, or what this call fails with.
  int next() {
    ++calls;
    return fail_after >= 0 && calls > fail_after ? SQLITE_IOERR_WRITE : SQLITE_OK;
  }
};

class FaultyVfs {
 public:
  static DiskFaults& faults() {
    static DiskFaults faults;
    return faults;
  }

  static const char* name() {
    static const bool registered = [] {
      vfs() = *sqlite3_vfs_find(nullptr);
      vfs().zName = "faulty";
      vfs().szOsFile += static_cast<int>(sizeof(File));
      vfs().pNext = nullptr;
      vfs().xOpen = open;
      return sqlite3_vfs_register(&vfs(), 0) == SQLITE_OK;
    }();
    return registered ? "faulty" : "";
  }

 private:
  struct File : sqlite3_file {
    sqlite3_file* real() { return reinterpret_cast<sqlite3_file*>(this + 1); }
  };
  static sqlite3_file* real(sqlite3_file* file) { return static_cast<File*>(file)->real(); }
  static sqlite3_vfs& vfs() {
    static sqlite3_vfs vfs;
    return vfs;
  }

  static int write(sqlite3_file* file, const void* bytes, int count, sqlite3_int64 at) {
    if (faults().full) return SQLITE_FULL;  // truncating and syncing work on a full disk
    if (const int fault = faults().next(); fault != SQLITE_OK) return fault;
    return real(file)->pMethods->xWrite(real(file), bytes, count, at);
  }
  static int sync(sqlite3_file* file, int flags) {
    ++faults().syncs;
    if (const int fault = faults().next(); fault != SQLITE_OK) return fault;
    return real(file)->pMethods->xSync(real(file), flags);
  }
  static int truncate(sqlite3_file* file, sqlite3_int64 size) {
    if (const int fault = faults().next(); fault != SQLITE_OK) return fault;
    return real(file)->pMethods->xTruncate(real(file), size);
  }

  static int open(sqlite3_vfs*, const char* name, sqlite3_file* file, int flags, int* out) {
    static const sqlite3_io_methods methods = {
        1,
        [](sqlite3_file* f) { return real(f)->pMethods->xClose(real(f)); },
        [](sqlite3_file* f, void* to, int n, sqlite3_int64 at) { return real(f)->pMethods->xRead(real(f), to, n, at); },
        write,
        truncate,
        sync,
        [](sqlite3_file* f, sqlite3_int64* size) { return real(f)->pMethods->xFileSize(real(f), size); },
        [](sqlite3_file* f, int level) { return real(f)->pMethods->xLock(real(f), level); },
        [](sqlite3_file* f, int level) { return real(f)->pMethods->xUnlock(real(f), level); },
        [](sqlite3_file* f, int* out_flag) { return real(f)->pMethods->xCheckReservedLock(real(f), out_flag); },
        [](sqlite3_file* f, int op, void* arg) { return real(f)->pMethods->xFileControl(real(f), op, arg); },
        [](sqlite3_file*) { return 512; },
        [](sqlite3_file*) { return 0; },
        nullptr,
        nullptr,
        nullptr,
        nullptr,
        nullptr,
        nullptr};
    sqlite3_vfs* base = sqlite3_vfs_find("unix");
    auto* ours = static_cast<File*>(file);
    std::memset(ours->real(), 0, static_cast<size_t>(base->szOsFile));
    const int code = base->xOpen(base, name, ours->real(), flags, out);
    ours->pMethods = ours->real()->pMethods == nullptr ? nullptr : &methods;
    return code;
  }
};

}  // namespace ferrule

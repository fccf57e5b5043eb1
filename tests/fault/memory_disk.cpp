#include "tests/fault/memory_disk.h"

#include <algorithm>
#include <cstring>
#include <new>
#include <set>

namespace ferrule {

MemoryDisk::MemoryDisk(const std::string& name) : name_(name) {
  const sqlite3_vfs& base = *sqlite3_vfs_find(nullptr);
  vfs_ = base;  // time, sleep and randomness
  vfs_.iVersion = 2;
  vfs_.zName = name_.c_str();
  vfs_.szOsFile = sizeof(Handle);
  vfs_.mxPathname = 512;
  vfs_.pNext = nullptr;
  vfs_.pAppData = this;
  vfs_.xOpen = [](sqlite3_vfs* vfs, const char* path, sqlite3_file* file, int flags, int* out) {
    return of(vfs).open(path, *new (file) Handle, flags, out);
  };
  vfs_.xDelete = [](sqlite3_vfs* vfs, const char* path, int sync) { return of(vfs).erase(path, sync != 0); };
  vfs_.xAccess = [](sqlite3_vfs* vfs, const char* path, int, int* out) {
    *out = of(vfs).exists(path) ? 1 : 0;
    return of(vfs).dark_ ? SQLITE_IOERR_ACCESS : SQLITE_OK;
  };
  vfs_.xFullPathname = [](sqlite3_vfs*, const char* path, int size, char* out) {
    sqlite3_snprintf(size, out, "%s", path);
    return SQLITE_OK;
  };
  sqlite3_vfs_register(&vfs_, 0);
}

MemoryDisk::~MemoryDisk() { sqlite3_vfs_unregister(&vfs_); }

void MemoryDisk::fail(const Faults& faults) {
  faults_ = faults;
  faults_from_ = counts_.changes;
}

void MemoryDisk::put(const std::string& path, std::string bytes) {
  names_.clear();
  names_[path] = std::make_shared<File>(File{bytes, bytes, {}});
  durable_names_ = names_;
}

void MemoryDisk::copy_from(const MemoryDisk& other) {
  names_.clear();
  for (const auto& [path, file] : other.names_) {
    names_[path] = std::make_shared<File>(File{file->now, file->now, {}});
  }
  durable_names_ = names_;
}

std::vector<uint64_t> MemoryDisk::pages_read(size_t size) {
  std::set<uint64_t> pages;
  for (const auto& [at, count] : reads_) {
    if (static_cast<size_t>(count) == size) pages.insert(static_cast<uint64_t>(at) / size);
  }
  reads_.clear();
  return {pages.begin(), pages.end()};
}

// What this call returns before it has done anything.
int MemoryDisk::change(bool sync) {
  if (dark_) return SQLITE_IOERR;
  if (++counts_.changes >= cut_at_) {
    dark_ = true;
    return SQLITE_IOERR;
  }
  if (faults_.code == SQLITE_OK || (faults_.only_syncs && !sync)) return SQLITE_OK;
  if (faults_.code == SQLITE_FULL && sync) return SQLITE_OK;  // a full disk still syncs
  if (counts_.changes - faults_from_ <= faults_.after) return SQLITE_OK;
  const int code = faults_.code;
  if (!faults_.for_ever) faults_ = {};
  return code;
}

int MemoryDisk::open(const char* path, Handle& handle, int flags, int* out) {
  handle.pMethods = nullptr;
  if (out != nullptr) *out = flags;
  if (dark_) return SQLITE_CANTOPEN;
  std::shared_ptr<File> file;
  if (path == nullptr) {
    file = std::make_shared<File>();
  } else if (const auto known = names_.find(path); known != names_.end()) {
    file = known->second;
  } else {
    if ((flags & SQLITE_OPEN_CREATE) == 0) return SQLITE_CANTOPEN;
    if (const int code = change(false); code != SQLITE_OK) return code == SQLITE_FULL ? code : SQLITE_CANTOPEN;
    file = names_[path] = std::make_shared<File>();
  }
  handle.disk = this;
  handle.file = std::move(file);
  handle.pMethods = methods();
  return SQLITE_OK;
}

int MemoryDisk::erase(const char* path, bool sync) {
  if (!names_.contains(path)) return dark_ ? SQLITE_IOERR_DELETE : SQLITE_IOERR_DELETE_NOENT;
  if (const int code = change(false); code != SQLITE_OK) return SQLITE_IOERR_DELETE;
  names_.erase(path);
  if (sync) durable_names_.erase(path);
  return SQLITE_OK;
}

int MemoryDisk::read(Handle& handle, void* to, int count, int64_t at) {
  if (dark_) return SQLITE_IOERR_READ;
  reads_.emplace_back(at, count);
  if (reads_.size() > 1u << 20) reads_.clear();
  const std::string& bytes = handle.file->now;
  const auto wanted = static_cast<size_t>(count);
  const size_t there = std::min(wanted, bytes.size() - std::min(bytes.size(), static_cast<size_t>(at)));
  if (there > 0) std::memcpy(to, bytes.data() + at, there);
  std::memset(static_cast<char*>(to) + there, 0, wanted - there);
  return there == wanted ? SQLITE_OK : SQLITE_IOERR_SHORT_READ;
}

void MemoryDisk::apply(std::string& to, const Change& change) {
  if (change.truncate) {
    to.resize(change.at);
    return;
  }
  if (to.size() < change.at + change.bytes.size()) to.resize(change.at + change.bytes.size());
  std::memcpy(to.data() + change.at, change.bytes.data(), change.bytes.size());
}

int MemoryDisk::write(Handle& handle, const void* bytes, int count, int64_t at) {
  Change made{static_cast<uint64_t>(at), std::string(static_cast<const char*>(bytes), static_cast<size_t>(count)), false};
  if (const int code = change(false); code != SQLITE_OK) {
    if (dark_) handle.file->pending.push_back(std::move(made));  // was on its way
    return code;
  }
  counts_.bytes_written += made.bytes.size();
  apply(handle.file->now, made);
  handle.file->pending.push_back(std::move(made));
  return SQLITE_OK;
}

int MemoryDisk::truncate(Handle& handle, int64_t size) {
  if (const int code = change(false); code != SQLITE_OK) return code;
  Change made{static_cast<uint64_t>(size), {}, true};
  apply(handle.file->now, made);
  handle.file->pending.push_back(std::move(made));
  return SQLITE_OK;
}

int MemoryDisk::sync(Handle& handle) {
  if (const int code = change(true); code != SQLITE_OK) return code;
  ++counts_.syncs;
  if (ignores_syncs_) return SQLITE_OK;
  for (const Change& each : handle.file->pending) apply(handle.file->durable, each);
  handle.file->pending.clear();
  for (const auto& [path, file] : names_) {
    if (file == handle.file) durable_names_[path] = file;
  }
  return SQLITE_OK;
}

const sqlite3_io_methods* MemoryDisk::methods() {
  static const sqlite3_io_methods methods = {1,
                                             [](sqlite3_file* f) {
                                               static_cast<Handle*>(f)->~Handle();
                                               return SQLITE_OK;
                                             },
                                             [](sqlite3_file* f, void* to, int n, sqlite3_int64 at) {
                                               auto& handle = *static_cast<Handle*>(f);
                                               return handle.disk->read(handle, to, n, at);
                                             },
                                             [](sqlite3_file* f, const void* from, int n, sqlite3_int64 at) {
                                               auto& handle = *static_cast<Handle*>(f);
                                               return handle.disk->write(handle, from, n, at);
                                             },
                                             [](sqlite3_file* f, sqlite3_int64 size) {
                                               auto& handle = *static_cast<Handle*>(f);
                                               return handle.disk->truncate(handle, size);
                                             },
                                             [](sqlite3_file* f, int) {
                                               auto& handle = *static_cast<Handle*>(f);
                                               return handle.disk->sync(handle);
                                             },
                                             [](sqlite3_file* f, sqlite3_int64* size) {
                                               *size = static_cast<sqlite3_int64>(static_cast<Handle*>(f)->file->now.size());
                                               return SQLITE_OK;
                                             },
                                             [](sqlite3_file*, int) { return SQLITE_OK; },  // one owner each: nothing to lock
                                             [](sqlite3_file*, int) { return SQLITE_OK; },
                                             [](sqlite3_file*, int* reserved) {
                                               *reserved = 0;
                                               return SQLITE_OK;
                                             },
                                             [](sqlite3_file*, int, void*) { return SQLITE_NOTFOUND; },
                                             [](sqlite3_file*) { return static_cast<int>(kSector); },
                                             [](sqlite3_file*) { return SQLITE_IOCAP_POWERSAFE_OVERWRITE; },
                                             nullptr,
                                             nullptr,
                                             nullptr,
                                             nullptr,
                                             nullptr,
                                             nullptr};
  return &methods;
}

// --- what a cut leaves --------------------------------------------------------------------------------------------------------

namespace {

size_t below(std::mt19937& random, size_t n) { return random() % n; }

}  // namespace

// Any of the written sectors, one of them torn or noise. Later writes to a sector may be missing where earlier ones are there.
void MemoryDisk::leave_sectors(File& file, std::mt19937& random) {
  const size_t keep = 1 + below(random, 9);  // of ten
  for (const Change& each : file.pending) {
    if (each.truncate) {
      if (below(random, 2) == 0) apply(file.durable, each);
      continue;
    }
    for (size_t from = 0; from < each.bytes.size();) {
      const size_t to = std::min(each.bytes.size(), ((each.at + from) / kSector + 1) * kSector - each.at);
      if (below(random, 10) < keep) apply(file.durable, {each.at + from, each.bytes.substr(from, to - from), false});
      from = to;
    }
  }
  const Change& last = file.pending.back();
  if (last.bytes.empty()) return;
  const size_t at = below(random, last.bytes.size());
  std::string torn = last.bytes.substr(at - std::min(at, kSector), kSector);
  if (below(random, 2) == 0) {
    for (char& byte : torn) byte = static_cast<char>(random());
  }
  apply(file.durable, {last.at + at - std::min(at, kSector), std::move(torn), false});
}

void MemoryDisk::leave(File& file, std::mt19937& random) {
  const size_t writes = file.pending.size();
  if (writes > 0) {
    switch (below(random, 4)) {
      case 0: break;
      case 1:
        for (const Change& each : file.pending) apply(file.durable, each);
        break;
      case 2: {  // in order up to somewhere within one
        const size_t whole = below(random, writes);
        for (size_t i = 0; i < whole; ++i) apply(file.durable, file.pending[i]);
        Change torn = file.pending[whole];
        if (!torn.truncate) torn.bytes.resize(below(random, torn.bytes.size() + 1));
        apply(file.durable, torn);
        break;
      }
      default: leave_sectors(file, random);
    }
  }
  file.now = file.durable;
  file.pending.clear();
}

void MemoryDisk::settle_names(std::mt19937& random) {
  Names left;
  for (const auto& [path, file] : durable_names_) {
    const auto now = names_.find(path);
    const bool gone = now == names_.end() || now->second != file;
    if (!gone || below(random, 2) == 0) left[path] = file;
  }
  for (const auto& [path, file] : names_) {
    if (!left.contains(path) && below(random, 2) == 0) left[path] = file;
  }
  names_ = left;
  durable_names_ = std::move(left);
}

void MemoryDisk::power_on(std::mt19937& random) {
  settle_names(random);
  for (const auto& [path, file] : names_) leave(*file, random);
  dark_ = false;
  never_cut();
  heal();
}

}  // namespace ferrule

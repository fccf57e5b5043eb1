#include "host/memory.h"

#include <malloc.h>
#include <sys/mman.h>

#include <cstdio>
#include <fstream>
#include <string>

namespace ferrule {

namespace {

struct Mapping {
  unsigned long begin = 0, end = 0;
  bool of_file = false;  // and never written: r-- or r-x
};

// The head of a mapping in smaps (proc(5)): "begin-end perms offset device inode path".
bool parse_head(const std::string& line, Mapping& mapping) {
  char permissions[5] = {};
  unsigned long inode = 0;
  if (std::sscanf(line.c_str(), "%lx-%lx %4s %*x %*s %lu", &mapping.begin, &mapping.end, permissions, &inode) != 4) return false;
  mapping.of_file = inode != 0 && permissions[0] == 'r' && permissions[1] == '-';
  return true;
}

}  // namespace

void release_startup_memory() {
  malloc_trim(0);
  std::ifstream smaps("/proc/self/smaps");
  Mapping mapping;
  for (std::string line; std::getline(smaps, line);) {
    if (parse_head(line, mapping)) continue;
    // A page that was relocated is dirty; unmapping it would lose the relocation.
    const bool clean = line.starts_with("Private_Dirty:") && line.find(" 0 kB") != std::string::npos;
    if (!clean || !mapping.of_file) continue;
    (void)madvise(reinterpret_cast<void*>(mapping.begin), mapping.end - mapping.begin, MADV_DONTNEED);  // only a saving
  }
}

}  // namespace ferrule

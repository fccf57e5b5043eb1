#include "host/power_on.h"

#include <cstdio>
#include <fstream>

namespace ferrule {

uint64_t first_boot_since_power_on(const std::string& state, uint64_t boot, const std::string& kernel_boot_id) {
  std::string present;
  if (!(std::ifstream(kernel_boot_id) >> present)) return boot;
  const std::string file = state + "/power-on";
  std::string kept;
  uint64_t first = 0;
  if (std::ifstream(file) >> kept >> first && kept == present && first <= boot) return first;
  // Without fsync: a power cut that loses the file also ends what it tells of.
  const std::string fresh = file + ".new";
  if (std::ofstream out(fresh); !(out << present << ' ' << boot << '\n')) return boot;
  (void)std::rename(fresh.c_str(), file.c_str());
  return boot;
}

}  // namespace ferrule

// How long a configuration of many tags takes to load, and what it costs in memory. Not part of ctest:
//   config_load [TAGS]
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>

#include "config/config.h"
#include "tests/unit/config/fake_driver.h"

namespace {

long status_kib(const std::string& key) {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with(key + ":")) return std::atol(line.c_str() + key.size() + 1);
  }
  return 0;
}

void write_file(const std::string& path, int tags) {
  std::ofstream file(path);
  file << "gateway: { id: bench }\nchannels:\n";
  for (int device = 0; device < 4; ++device) {
    file << "  - name: line_" << device << "\n    driver: modbus\n    tcp: { host: 127.0.0.1, port: " << 1502 + device
         << " }\n    devices:\n      - name: device_" << device << "\n        unit_id: 1\n        tags:\n";
    for (int tag = 0; tag < tags / 4; ++tag) {
      file << "          - { name: r" << tag << ", address: holding:" << tag << ", type: uint16 }\n";
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  const int tags = argc > 1 ? std::atoi(argv[1]) : 40'000;
  const std::string path = "/tmp/ferrule-config-load.yaml";
  write_file(path, tags);
  ferrule::LoadOptions options;
  options.file = path;
  ferrule::Names names;
  const long before = status_kib("VmRSS");
  const auto start = std::chrono::steady_clock::now();
  const ferrule::Loaded loaded = ferrule::load(options, ferrule::fakes::catalogue(), names);
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
  std::printf("%d tags: %.3f s, resident +%.1f MiB after, +%.1f MiB at most, %zu complaints\n", tags, took.count(),
              static_cast<double>(status_kib("VmRSS") - before) / 1024, static_cast<double>(status_kib("VmHWM") - before) / 1024,
              loaded.complaints.size());
  return loaded.ok() ? 0 : 1;
}

// tests/fakes/pymodbus_server.py as a peer of a C++ test.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tests/fakes/child_process.h"

namespace ferrule {

class PymodbusServer {
 public:
  explicit PymodbusServer(const std::vector<std::string>& options = {}) : child_(words(options)) {
    const std::string ready = child_.hear();
    if (!ready.starts_with("ready ")) throw std::runtime_error("pymodbus does not start: " + ready);
    place_ = ready.substr(6);
  }
  uint16_t port() const { return static_cast<uint16_t>(std::stoi(place_)); }
  std::string ask(const std::string& command) { return child_.ask(command); }

 private:
  static std::vector<std::string> words(const std::vector<std::string>& options) {
    std::vector<std::string> words{FERRULE_PYTHON, std::string(FERRULE_SOURCE_DIR) + "/tests/fakes/pymodbus_server.py"};
    words.insert(words.end(), options.begin(), options.end());
    return words;
  }
  ChildProcess child_;
  std::string place_;
};

}  // namespace ferrule

// What the gateway says to its operator.
//
// Under systemd lines go to standard output with the journal's "<N>" priority prefix; on a terminal with time and level. At
// `info` and above a line is something that an operator can act on. The same problem said again by the same speaker is counted,
// not repeated: the count comes with the next different line or when the problem ends. Any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>

#include "core/guarded.h"

namespace ferrule {

enum class LogLevel : uint8_t { debug, info, warning, error };

// Once, before any other thread; `level` is debug, info, warning or error.
void open_log(std::string_view level);
void set_log_level(std::string_view level);
void log(LogLevel level, std::string_view text);
// `head`, then each line of `text` as a line of its own.
void log_lines(LogLevel level, std::string_view head, std::string_view text);

// One per gateway: turns `say(problem, text)` of channels and uplinks into lines, once each.
class OperatorLog {
 public:
  // `problem` false: the speaker is well again.
  void say(std::string_view speaker, bool problem, std::string_view text);

 private:
  struct Last {
    std::string text;
    uint64_t repeats = 0;
  };
  static constexpr size_t kMostSpeakers = 10000;
  Guarded<std::unordered_map<std::string, Last>> last_;
};

}  // namespace ferrule

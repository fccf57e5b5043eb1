#include "host/log.h"

#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <cstdlib>

namespace ferrule {

namespace {

spdlog::level::level_enum to_spdlog(std::string_view level) {
  if (level == "debug") return spdlog::level::debug;
  if (level == "warning") return spdlog::level::warn;
  if (level == "error") return spdlog::level::err;
  return spdlog::level::info;
}

// The syslog severities (RFC 5424 §6.2.1) that journald reads from a "<N>" prefix.
std::string_view journal_prefix(LogLevel level) {
  switch (level) {
    case LogLevel::debug: return "<7>";
    case LogLevel::info: return "<6>";
    case LogLevel::warning: return "<4>";
    case LogLevel::error: return "<3>";
  }
  return "<6>";
}

bool under_journal() { return std::getenv("JOURNAL_STREAM") != nullptr; }

// A device or a file chooses parts of what we say: no control characters reach a terminal or the journal.
std::string printable(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (const char c : text) out += static_cast<uint8_t>(c) < 0x20 && c != '\t' ? ' ' : c;
  return out;
}

}  // namespace

void open_log(std::string_view level) {
  if (under_journal()) {
    auto logger = spdlog::stdout_logger_mt("ferrule");
    logger->set_pattern("%v");
    spdlog::set_default_logger(std::move(logger));
  } else {
    auto logger = spdlog::stderr_color_mt("ferrule");
    logger->set_pattern("%Y-%m-%d %H:%M:%S.%e %^%l%$ %v");
    spdlog::set_default_logger(std::move(logger));
  }
  spdlog::flush_on(spdlog::level::debug);
  set_log_level(level);
}

void set_log_level(std::string_view level) { spdlog::set_level(to_spdlog(level)); }

void log(LogLevel level, std::string_view text) {
  const std::string line = under_journal() ? std::string(journal_prefix(level)) + printable(text) : printable(text);
  switch (level) {
    case LogLevel::debug: spdlog::debug("{}", line); break;
    case LogLevel::info: spdlog::info("{}", line); break;
    case LogLevel::warning: spdlog::warn("{}", line); break;
    case LogLevel::error: spdlog::error("{}", line); break;
  }
}

void log_lines(LogLevel level, std::string_view head, std::string_view text) {
  log(level, head);
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    log(level, text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

void OperatorLog::say(std::string_view speaker, bool problem, std::string_view text) {
  uint64_t repeats = 0;
  const bool news = last_.with([&](auto& last) {
    if (last.size() >= kMostSpeakers) last.clear();
    Last& entry = last[std::string(speaker)];
    if (problem && entry.text == text) {
      ++entry.repeats;
      return false;
    }
    repeats = std::exchange(entry.repeats, 0);
    entry.text = problem ? std::string(text) : std::string();
    return true;
  });
  if (!news) return;
  std::string line = std::string(speaker) + ": " + std::string(text);
  if (repeats > 0) line += " (the last problem was said " + std::to_string(repeats) + " more times)";
  log(problem ? LogLevel::warning : LogLevel::info, line);
}

}  // namespace ferrule

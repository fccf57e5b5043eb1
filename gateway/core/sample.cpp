#include "core/sample.h"

#include "core/record.h"

namespace ferrule {

std::string_view to_text(Quality quality) {
  switch (quality) {
    case Quality::good: return "good";
    case Quality::uncertain: return "uncertain";
    case Quality::bad: return "bad";
  }
  return "unknown";
}

std::string_view to_text(Reason reason) {
  switch (reason) {
    case Reason::none: return "none";
    case Reason::not_read_yet: return "not_read_yet";
    case Reason::timeout: return "timeout";
    case Reason::link_down: return "link_down";
    case Reason::device_refused: return "device_refused";
    case Reason::bad_reply: return "bad_reply";
    case Reason::overrun: return "overrun";
    case Reason::out_of_range: return "out_of_range";
    case Reason::not_a_number: return "not_a_number";
    case Reason::stale: return "stale";
    case Reason::rule_failed: return "rule_failed";
  }
  return "unknown";
}

std::string_view to_text(CommandResult result) {
  switch (result) {
    case CommandResult::done: return "done";
    case CommandResult::refused: return "refused";
    case CommandResult::expired: return "expired";
    case CommandResult::failed: return "failed";
    case CommandResult::unknown: return "unknown";
  }
  return "unknown";
}

}  // namespace ferrule

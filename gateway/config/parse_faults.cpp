#include "config/parse_faults.h"

#include <algorithm>
#include <array>

namespace ferrule::config {

namespace {

// What yaml-cpp says, and what it most likely means to the one who wrote the file.
struct Hint {
  std::string_view message, remedy;
};
constexpr std::array<Hint, 12> kHints{{
    {"illegal map value", "a ':' cannot stand here; check the indentation, or put the text into quotes"},
    {"end of map not found", "this line does not fit the ones above; check its indentation and that the key ends with ':'"},
    {"end of map flow not found", "a '{' is not closed with '}', or a quote in it is not closed"},
    {"end of sequence not found", "this line does not fit the list above; check its indentation and the '-'"},
    {"end of sequence flow not found", "a '[' is not closed with ']', or a quote in it is not closed"},
    {"illegal block entry", "a list cannot begin here; put '-' on a line of its own, indented below its key"},
    {"illegal map key", "a key cannot stand here; check the indentation"},
    {"illegal EOF in scalar", "a quote is not closed"},
    {"illegal flow end", "a ']' or '}' that nothing opened, or of the wrong kind; put the text into quotes"},
    {"illegal tab when looking for indentation", "indent with spaces, not tabs"},
    {"illegal document indicator in scalar", "a quote is not closed before '---'"},
    {"unknown token", "put the text into quotes"},
}};

}  // namespace

std::string explained(const std::string& message, std::string_view line) {
  const std::string_view indentation = line.substr(0, line.find_first_not_of(" \t"));
  if (indentation.find('\t') != std::string_view::npos) return "not valid YAML: indent with spaces, not tabs";
  for (const Hint& hint : kHints) {
    if (message.starts_with(hint.message)) return "not valid YAML (" + message + "): " + std::string(hint.remedy);
  }
  return "not valid YAML: " + message;
}

bool quote_closed(std::string_view text) {
  if (text.starts_with('!')) {
    text.remove_prefix(std::min(text.find_first_of(" \n"), text.size()));
    text.remove_prefix(std::min(text.find_first_not_of(" \n"), text.size()));
  }
  if (!text.starts_with('"') && !text.starts_with('\'')) return true;
  const char quote = text.front();
  for (size_t at = 1; at < text.size(); ++at) {
    if (quote == '"' && text[at] == '\\') {
      ++at;
    } else if (text[at] == quote) {
      if (quote == '"' || at + 1 == text.size() || text[at + 1] != quote) return true;
      ++at;  // '' is a quote inside a text
    }
  }
  return false;
}

}  // namespace ferrule::config

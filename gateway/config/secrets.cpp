#include "config/secrets.h"

#include <cstdlib>

#include "config/report.h"
#include "config/sources.h"

namespace ferrule::config {

std::vector<std::string> secret_directories(const std::string& directory) {
  if (!directory.empty()) return {directory};
  std::vector<std::string> directories;
  const char* credentials = std::getenv("CREDENTIALS_DIRECTORY");  // NOLINT(concurrency-mt-unsafe): nobody sets variables
  if (credentials != nullptr && *credentials != '\0') directories.emplace_back(credentials);
  directories.emplace_back("/etc/ferrule/secrets");
  return directories;
}

Result<std::string> read_secret(std::string_view name, const std::vector<std::string>& directories) {
  constexpr size_t kLargest = 64u << 10;
  std::string places;
  for (const std::string& directory : directories) {
    const std::string path = directory + "/" + std::string(name);
    auto text = read_file(path, kLargest);
    if (!text && text.status().fault() != Fault::not_found) {
      return {text.status().fault(), "the secret " + cited(path) + " " + text.status().what()};
    }
    places += (places.empty() ? "" : " and ") + directory;
    if (!text) continue;
    if (text->ends_with('\n')) text->pop_back();
    if (text->ends_with('\r')) text->pop_back();
    if (text->empty()) return {Fault::invalid, "the secret " + cited(path) + " is empty"};
    return text;
  }
  return {Fault::not_found, "there is no secret " + cited(name) + ": put it into a file of that name in " + places};
}

}  // namespace ferrule::config

// The files of one configuration: read within limits, parsed once, kept until the settings are made.
#pragma once

#include <deque>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "config/document_parser.h"
#include "core/status.h"

namespace ferrule::config {

constexpr size_t kLargestFile = 16u << 20;
constexpr size_t kLargestTotal = 64u << 20;

// The whole text of a regular file of at most `most` bytes; larger ones are refused before a byte is read.
Result<std::string> read_file(const std::string& path, size_t most);

class Sources {
 public:
  explicit Sources(Report& report) : report_(report) {}

  // The parsed file, or null where it cannot be read or parsed, which has been reported: at `asked_at`, or, where that is
  // nowhere, at the file itself.
  const Document* open(const std::string& path, Mark asked_at = {});

  // conf.d/*.yaml beside `file`, in the order of their names.
  std::vector<std::string> more_files(const std::string& file);

  // "eastron/sdm630" in the first of `directories` that has it; null: reported at `asked_at`. Each is read once.
  const Document* profile(std::string_view name, const std::vector<std::string>& directories, Mark asked_at);

  const std::vector<std::string>& files() const { return files_; }

 private:
  Report& report_;
  std::vector<std::string> files_;
  std::deque<Document> documents_;  // a Node points into its Document: these stay where they are
  std::unordered_map<std::string, const Document*> profiles_;
  size_t bytes_ = 0;
  size_t nodes_ = 0;
};

}  // namespace ferrule::config

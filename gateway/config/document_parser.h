// Text of one YAML file -> Document, or complaints that say what to write instead. Never throws.
#pragma once

#include <string_view>

#include "config/document.h"
#include "config/report.h"

namespace ferrule::config {

constexpr size_t kMostDepth = 32;
constexpr size_t kMostNodes = 4'000'000;  // of all files of a configuration
// One text, one {...} or [...] with all that is in it, or a run of comments. yaml-cpp holds all tokens of an outermost bracket in
// memory at 230 bytes a token; without this limit 16 MiB of brackets would take 3.5 GB.
constexpr size_t kLongestPiece = 128 * 1024;

struct ParsedDocument {
  Document document;
  bool usable = false;  // false: the tree does not hold the file; what is wrong has been reported
};

// `most_nodes`: what is left of kMostNodes.
ParsedDocument parse_document(std::string_view text, uint16_t file, size_t most_nodes, Report& report);

}  // namespace ferrule::config

// What a text must be before the YAML parser may see it.
#pragma once

#include <string_view>

#include "config/report.h"

namespace ferrule::config {

// UTF-8 without control characters (yaml-cpp takes a byte 0x04 for the end of the file and reads no further). False: reported.
bool check_text(std::string_view text, uint16_t file, Report& report);

// The column, in characters from 1, of the byte at `at`, which stands `bytes` bytes into its line.
size_t column_at(std::string_view text, size_t at, size_t bytes);

}  // namespace ferrule::config

// What yaml-cpp says of a broken file, and what it does not say.
#pragma once

#include <string>
#include <string_view>

namespace ferrule::config {

// The parser's message with what it most likely means to the one who wrote the file. `line` is the one where it went wrong.
std::string explained(const std::string& message, std::string_view line);

// yaml-cpp takes the rest of a file for the text of a quote that is not closed, without a word. `text` goes from the beginning of
// a scalar, or its tag, to the end of the file.
bool quote_closed(std::string_view text);

}  // namespace ferrule::config

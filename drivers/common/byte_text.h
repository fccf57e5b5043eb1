// Bytes as a user writes them in a configuration: plain letters, and \r \n \t \\ and \x02 for the others.
#pragma once

#include <string>
#include <string_view>

#include "core/status.h"
#include "sdk/fields.h"

namespace ferrule {

// At most kMostByteText bytes. The Status says what to write instead.
inline constexpr size_t kMostByteText = 1024;
Result<std::string> parse_bytes(std::string_view text);
// For FieldSpec::check.
Status check_bytes(std::string_view text);

// A field with check_bytes, as bytes.
std::string bytes_field(const Fields& fields, std::string_view name);

}  // namespace ferrule

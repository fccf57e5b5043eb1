// `!secret name`: the content of a file of that name, kept apart from the configuration.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/status.h"

namespace ferrule::config {

// Where secrets are looked for, in order: `directory`, or without it $CREDENTIALS_DIRECTORY and /etc/ferrule/secrets.
std::vector<std::string> secret_directories(const std::string& directory);

// At most 64 KiB, without the newline at its end. The Status says where it was looked for.
Result<std::string> read_secret(std::string_view name, const std::vector<std::string>& directories);

}  // namespace ferrule::config

// The token that writing over TCP needs: a file that only its owner reads.
#pragma once

#include <string>

#include "core/status.h"

namespace ferrule {

// The token in `path`; made first (0600, 32 random bytes in hexadecimal, through a rename so that a power cut leaves all or
// nothing) when there is none. An error when others than the owner and its group could read it, or when it is no plain file or is
// shorter than 32 characters: an unsafe token is no token.
Result<std::string> token_from(const std::string& path);

}  // namespace ferrule

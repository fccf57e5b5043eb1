// What can be read of a damaged file, into a fresh one.
//
// Order of the steps, so that a power cut at any of them loses nothing that could be read: everything readable is committed to
// <path>.salvage; the damaged file is renamed to <path>.corrupt-<UTC> (its -wal too); <path>.salvage becomes <path>.
#pragma once

#include <string>

#include "core/clock.h"
#include "core/status.h"
#include "outbox/store.h"

namespace ferrule::outbox {

// Returns what an operator should know: "set aside ..., salvaged 41 of 42 blocks".
Result<std::string> salvage(const StoreSettings& settings, const Clock& clock, const Status& why);

// Ends a salvage that was interrupted between its renames; removes the rest of one that was interrupted before.
Status finish_salvage(const std::string& path);

}  // namespace ferrule::outbox

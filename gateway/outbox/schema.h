// The tables of the outbox's file and their versions.
//
// A file is brought to the newest version when it is opened: all steps in one transaction, so that a power cut leaves the old
// version or the new one. A file of a later version is left alone (Fault::invalid).
#pragma once

#include "core/record.h"
#include "core/status.h"
#include "outbox/database.h"

namespace ferrule::outbox {

inline constexpr int kSchema = 2;

// Makes the tables in an empty file, or brings those of an earlier version up to date.
Status prepare_schema(Database& db);

// The checksum in a row of `losses`.
int64_t loss_sum(int64_t id, const Loss& loss);

}  // namespace ferrule::outbox

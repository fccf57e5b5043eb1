// The last configuration that was put in force, kept beside the state: a broken file after a reboot means that this one runs,
// loudly.
//
// Kept are the main file, conf.d and the profiles that were read, never a secret. The copy is written aside and renamed, so a
// power cut leaves the old copy or the new one.
#pragma once

#include <string>

#include "config/config.h"
#include "core/status.h"
#include "host/loading.h"

namespace ferrule {

Status keep_last_good(const Folders& folders, const Loaded& loaded);

// The same folders with the kept copy as the configuration; not_found when there is none.
Result<Folders> last_good(const Folders& folders);

}  // namespace ferrule

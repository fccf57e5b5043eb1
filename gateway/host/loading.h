// From the command line's folders to checked settings: config's loader with the rule checker and a trial build of every channel
// and payload, so that `ferrule check`, a start and a reload all refuse the same files for the same reasons.
#pragma once

#include <string>
#include <vector>

#include "config/config.h"
#include "core/clock.h"
#include "core/names.h"
#include "sdk/catalogue.h"

namespace ferrule {

struct Folders {
  std::string config_file = "/etc/ferrule/ferrule.yaml";
  std::string state = "/var/lib/ferrule";
  std::string runtime = "/run/ferrule";
  std::vector<std::string>
      profiles;  // searched first; then profiles/ beside the configuration file, then /usr/share/ferrule/profiles
  std::string secrets;
};

Loaded load_checked(const Folders& folders, const Catalogue& catalogue, const Clock& clock, Names& names,
                    Secrets secrets = Secrets::needed);

}  // namespace ferrule

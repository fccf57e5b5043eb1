// Copies of a configuration's files for the desk: its Modbus channels lead to the simulator instead of the plant, and its uplinks
// to other machines are out of service, so that no simulated value reaches anybody who takes it for real.
#pragma once

#include <string>
#include <vector>

#include "config/config.h"
#include "core/status.h"

namespace ferrule {

struct DeskChannel {
  const ChannelSettings* channel = nullptr;
  uint16_t port = 0;  // on 127.0.0.1; 0: a serial line
  std::string line;   // its device file
};

// Writes the copies into `folder`, which is made; the main file becomes ferrule.yaml there, the others keep conf.d/NAME.
// Everything else in them stays as it is, comments too. io: cannot be written. invalid: a place in a file cannot be rewritten,
// with the place.
Status write_desk_files(const Loaded& loaded, const std::vector<DeskChannel>& channels, const std::string& folder);

}  // namespace ferrule

// `ferrule probe`: which units answer on a line, what their registers hold, and which type, order and scale gives a value that a
// person sees on the device.
#pragma once

#include <string>

#include "app/probe_path.h"

namespace ferrule {

struct ProbeOptions {
  ProbeTarget target;
  std::string units = "1";  // "5"; with `scan` a range: "1-247"
  bool scan = false;
  std::string address = "holding:0";  // where to read
  uint32_t count = 2;
  std::string expect, within;  // "230.1", "0.5" or "1%"
  Duration timeout{std::chrono::milliseconds(500)};
  bool all = false;  // every reading
};

// Exit code 0: something was found; 1: nothing was, or the question is wrong; 2: nobody is there. What was found goes to
// `call.out`, why not to `call.err`.
int probe(const ProbeOptions& options, const ClientCall& call);

}  // namespace ferrule

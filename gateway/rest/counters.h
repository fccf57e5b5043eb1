// What the server counts of itself. Touched on the REST thread only.
#pragma once

#include <cstdint>

namespace ferrule {

struct RestCounters {
  uint64_t connections = 0, streams = 0;  // open now
  uint64_t reply_bytes = 0;               // of bodies that wait to be taken
  uint64_t accepted = 0;                  // connections ever
  uint64_t turned_away = 0;               // connections and streams beyond the limit
  uint64_t accept_pauses = 0;             // the system had no descriptor for a connection
  uint64_t requests = 0;
  uint64_t client_errors = 0, server_errors = 0;  // replies 4xx and 5xx
  uint64_t lost_live = 0;                         // live samples that slow readers did not get
};

}  // namespace ferrule

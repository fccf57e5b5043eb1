// What leaves later: bytes for a master, each lump at its time. A timer descriptor tells when the next one is due. One thread.
#pragma once

#include <cstdint>
#include <optional>
#include <queue>
#include <vector>

#include "core/clock.h"
#include "core/status.h"
#include "simulator/descriptor.h"

namespace ferrule::simulator {

struct Departure {
  MonoTime at;
  uint64_t place = 0;   // of the peer
  uint64_t number = 0;  // of the peer: its place may be another's by then
  std::vector<uint8_t> bytes;
  uint64_t order = 0;  // set by push()
};

class Departures {
 public:
  static constexpr size_t kMost = 65536;  // waiting lumps; further ones are lost, as on a wire

  Status open();
  int fd() const { return timer_.fd(); }  // readable when one is due

  void push(Departure departure, MonoTime now);
  // The next one that is due; nothing: the timer is set for the one after.
  std::optional<Departure> pop(MonoTime now);

 private:
  struct Later {
    bool operator()(const Departure& a, const Departure& b) const { return a.at != b.at ? a.at > b.at : a.order > b.order; }
  };
  void arm(MonoTime now);

  Descriptor timer_;
  std::priority_queue<Departure, std::vector<Departure>, Later> waiting_;
  uint64_t pushed_ = 0;
};

}  // namespace ferrule::simulator

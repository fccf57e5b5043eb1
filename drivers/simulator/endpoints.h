// The world's side of the simulator: listening sockets and pseudo terminals. All descriptors are non-blocking.
#pragma once

#include <cstdint>
#include <string>

#include "core/status.h"
#include "simulator/descriptor.h"

namespace ferrule::simulator {

struct Listener {
  Descriptor socket;
  uint16_t port = 0;  // the bound one
};

// `host` is an IPv4 or IPv6 address, `port` 0 a free one.
Result<Listener> listen_tcp(const std::string& host, uint16_t port);

// A raw pseudo terminal with a symbolic link to it at `link`. Its far side is kept open, so that masters may come and go.
class PseudoTerminal {
 public:
  // An existing symbolic link is replaced; anything else at that path is left alone and an error.
  static Result<PseudoTerminal> open(const std::string& link);
  PseudoTerminal(PseudoTerminal&&) = default;
  PseudoTerminal& operator=(PseudoTerminal&&) = delete;
  ~PseudoTerminal();  // removes the link if it is still its own

  int fd() const { return master_.fd(); }
  const std::string& path() const { return path_; }  // "/dev/pts/3"
  const std::string& link() const { return link_; }

 private:
  PseudoTerminal() = default;
  Descriptor master_, slave_;
  std::string path_, link_;
};

}  // namespace ferrule::simulator

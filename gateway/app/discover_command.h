// `ferrule discover`: which resources a CoAP device has, by what it says itself, and the tags that would read them.
#pragma once

#include <string>

#include "app/client_commands.h"
#include "core/clock.h"

namespace ferrule {

struct DiscoverOptions {
  std::string device;                  // "192.168.10.31", "192.168.10.31:5683", "[fe80::1]:5683"
  std::string identity, key_file, ca;  // DTLS
  Duration timeout{std::chrono::seconds(10)};
};

// Exit code 0: a list came; 1: the device refuses, or the question is wrong; 2: nobody is there.
int discover(const DiscoverOptions& options, const ClientCall& call);

}  // namespace ferrule

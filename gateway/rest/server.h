// The local REST API: HTTP/1.1 on a TCP port (loopback unless said otherwise) and on a Unix socket for the command line.
// One thread, one event loop, limits on everything (README). Reading is open on both; writing over TCP needs
// `Authorization: Bearer <token>`, over the Unix socket the file permissions of the socket are the guard.
#pragma once

#include <memory>

#include "core/clock.h"
#include "core/status.h"
#include "rest/gateway_api.h"
#include "rest/limits.h"
#include "sdk/settings.h"

namespace ferrule {

class RestServer {
 public:
  // Creates the token file (0600, 32 random bytes in hexadecimal) when it is absent, binds both sockets (a stale Unix socket is
  // replaced, a live one is an error) and starts the thread. A TCP port that is taken, or an address that this machine does not
  // have yet, is no error but a trouble(): it is tried again with each beat. `api` outlives the server.
  static Result<std::unique_ptr<RestServer>> start(const RestSettings& settings, GatewayApi& api, const RestTimes& times = {});
  ~RestServer();  // closes every connection; returns within 1 s

  uint16_t port() const;        // the bound one (settings.port may be 0); 0: none. Any thread
  std::string trouble() const;  // why it does not listen on TCP, with the remedy; empty: it does, or is not to. Any thread
  // Beat of the event loop for the watchdog: the last time it turned (it turns at least each 5 s). Any thread.
  MonoTime last_beat() const;

 private:
  struct Impl;
  explicit RestServer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace ferrule

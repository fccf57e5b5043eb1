// Debian's coap-server (libcoap's own example, linked with OpenSSL) as a peer of a C++ test: /time, /example_data, /async.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "tests/fakes/child_process.h"
#include "tests/fakes/udp_socket.h"

namespace ferrule {

class CoapServer {
 public:
  // It listens on port(), and with options for DTLS on port() + 1. It takes no port 0, so that one is tried until it answers.
  explicit CoapServer(const std::vector<std::string>& options = {}, uint16_t port = 0) {
    for (int attempt = 0; attempt < 10; ++attempt) {
      port_ = port != 0 ? port : UdpSocket().port();
      std::vector<std::string> words{"coap-server-openssl", "-A", "127.0.0.1", "-p", std::to_string(port_), "-v", "0"};
      words.insert(words.end(), options.begin(), options.end());
      child_ = std::make_unique<ChildProcess>(words);
      if (answers()) return;
    }
    throw std::runtime_error("coap-server does not start");
  }
  uint16_t port() const { return port_; }
  uint16_t secure_port() const { return static_cast<uint16_t>(port_ + 1); }

 private:
  // A CoAP ping: an empty confirmable message, which is answered with a reset.
  bool answers() const {
    UdpSocket socket;
    for (int attempt = 0; attempt < 100; ++attempt) {
      socket.send(std::string("\x40\x00\x12\x34", 4), port_);
      if (socket.receive(20)) return true;
    }
    return false;
  }
  std::unique_ptr<ChildProcess> child_;
  uint16_t port_ = 0;
};

}  // namespace ferrule

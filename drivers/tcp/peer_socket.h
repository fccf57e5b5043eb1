// The bytes of one accepted connection, plain or under TLS. Nothing waits.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "link/descriptor.h"
#include "link/tls.h"

namespace ferrule::tcp {

class PeerSocket {
 public:
  static constexpr size_t kMostUnsent = 4096;  // bytes that a peer has not taken

  // `tls` null: plain.
  PeerSocket(Descriptor socket, const TlsContext* tls);

  int fd() const { return socket_.fd(); }

  enum class What : uint8_t { bytes, nothing, closed, lost, tls_failed };
  struct Taken {
    What what;
    size_t count = 0;
  };
  Taken read(std::span<uint8_t> bytes);
  std::string_view tls_trouble() const;  // why, of OpenSSL's own texts

  // What does not go at once waits for flush(). False: more than kMostUnsent waits, the peer does not read.
  bool send(std::span<const uint8_t> bytes);
  void flush();
  // Whether it is to be flushed, or (TLS) read, when the socket is writable.
  bool waits_for_room() const { return unsent_ != nullptr || tls_waits_; }

 private:
  size_t send_now(std::span<const uint8_t> bytes);

  Descriptor socket_;
  std::unique_ptr<TlsSession> tls_;
  std::unique_ptr<std::vector<uint8_t>> unsent_;
  bool tls_waits_ = false;
};

}  // namespace ferrule::tcp

// TLS for byte streams, by OpenSSL: a context holds the files of one channel, a session is one connection's. TLS 1.2 and later.
//
// There is no way to switch the check of certificates off: who has a device with a certificate that it signed itself names that
// certificate as `ca`. A session never waits and owns no descriptor.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "core/status.h"
#include "sdk/fields.h"

struct ssl_ctx_st;
struct ssl_st;

namespace ferrule {

class TlsContext {
 public:
  // Reads the files that the user wrote: kTlsFieldTable and kTlsListenFieldTable of link/stream_fields.h. invalid: a file is
  // missing, unreadable or no certificate; the text says which.
  static Result<TlsContext> client(const Fields& tls);
  static Result<TlsContext> server(const Fields& tls);

 private:
  friend class TlsSession;
  explicit TlsContext(std::shared_ptr<ssl_ctx_st> context) : context_(std::move(context)) {}
  std::shared_ptr<ssl_ctx_st> context_;
};

class TlsSession {
 public:
  // On a connected, non-blocking socket that outlives the session. `peer`: the name or address that the server's certificate must
  // have.
  static TlsSession to_server(const TlsContext& context, int fd, const std::string& peer);
  static TlsSession to_client(const TlsContext& context, int fd);

  enum class What : uint8_t {
    done,         // bytes > 0 were moved; the handshake is over
    wants_read,   // again when the socket is readable
    wants_write,  // again when it is writable
    closed,       // by the other side
    failed,       // trouble() says why; nothing more can be done with it
  };
  struct Step {
    What what = What::failed;
    size_t bytes = 0;
  };
  Step shake();  // until done; read and write do it, too
  Step read(std::span<uint8_t> bytes);
  Step write(std::span<const uint8_t> bytes);
  void say_goodbye();  // tells the other side that nothing more comes, if that can be done at once

  bool established() const;
  const std::string& trouble() const { return trouble_; }

 private:
  TlsSession(const TlsContext& context, int fd);
  Step after(int result, size_t bytes);
  std::unique_ptr<ssl_st, void (*)(ssl_st*)> ssl_;
  std::string trouble_;
};

}  // namespace ferrule

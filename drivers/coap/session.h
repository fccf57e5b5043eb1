// The way to one device: libcoap's messages, repetitions, acknowledgements and DTLS.
//
// Every session has a libcoap context of its own, so that closing it ends everything it had begun: 4.3.1 goes on repeating the
// requests of a released session, and keeps certificates for a context, not for a session.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "coap/message.h"
#include "coap/security.h"
#include "coap/turner.h"
#include "core/status.h"
#include "link/name_lookup.h"

namespace ferrule::coap {

struct SessionSettings {
  std::string host;
  uint16_t port = 0;
  std::optional<Security> security;
  Duration ack_timeout = std::chrono::seconds(1);  // at least 1 s: libcoap 4.3.1 ignores what is less
  uint16_t retransmit = 4;
};

// What a session hears. Called from within turn().
class SessionEvents {
 public:
  virtual ~SessionEvents() = default;
  // False: nothing with this token is awaited, which the device is told (with a reset).
  virtual bool received(Token token, Incoming&& message) = 0;
  // The request will not be answered any more.
  virtual void lost(Token token, const Status& why) = 0;
  // The session as a whole has failed: no address there, no DTLS.
  virtual void broken(const Status& why) = 0;
};

class Session final : public Turning {
 public:
  Session(SessionSettings settings, SessionEvents& events, Turner& turner);
  ~Session() override;

  bool is_open() const;
  // Looks the host up and makes the session; DTLS shakes hands with the first request. Open already: ok. timeout: no such host.
  Status open(Deadline deadline, const Clock& clock, const StopSignal& stop);
  // Ends all requests without a word to the device; harmless when closed. Not to be called from SessionEvents.
  void close() noexcept;

  // Sends, and repeats if confirmable. The bytes of the message; io: it could not be sent.
  Result<uint32_t> send(const Outgoing& message, Token token);
  // Whether what was sent has left this machine: with DTLS not before the handshake is over.
  bool ready() const;
  void turn() override;

  std::string place() const { return settings_.host + ":" + std::to_string(settings_.port); }

 private:
  struct Wire;
  Status open_at(const SocketAddress& address);

  SessionSettings settings_;
  SessionEvents& events_;
  Turner& turner_;
  NameLookup lookup_;
  std::unique_ptr<Wire> wire_;
};

}  // namespace ferrule::coap

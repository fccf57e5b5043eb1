// The gateway's own CoAP resources: libcoap's server with its DTLS, one message at a time. Blocks and duplicates are not its
// business: libcoap 4.3.1 puts blocks together so that an ordinary PUT can crash it, and does not look for duplicates.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "coap/message.h"
#include "coap/security.h"
#include "core/status.h"

struct coap_session_t;

namespace ferrule::coap {

struct ServerSettings {
  std::string address;
  uint16_t port = 0;  // 0: one of the system's choice
  bool secure = false;
  Security certificates;  // where certificate_file is not empty
  struct Key {
    std::string identity, key;
  };
  std::vector<Key> keys;            // pre-shared
  std::vector<Resource> resources;  // that take posts
};

// Where the answer to a post goes, for as long as one likes. Let go of it before the server is closed.
struct SessionRelease {
  void operator()(coap_session_t* session) const;
};
struct ReplyPath {
  std::unique_ptr<coap_session_t, SessionRelease> session;
  std::string token;
  std::optional<Block> block1;
  bool confirmable = false;
};

class Posts {
 public:
  virtual ~Posts() = default;
  // A POST or PUT to one of the resources. The code of the answer, or 0: a confirmable post gets an empty acknowledgement now,
  // and answer() is called later. Called from within turn().
  virtual uint8_t posted(const Post& post) = 0;
  // A POST or PUT to something else, which is refused.
  virtual void astray() = 0;
  // The device has not acknowledged a later answer.
  virtual void answer_lost() = 0;
  // A DTLS handshake has failed.
  virtual void stranger() = 0;
};

class ServerEnd {
 public:
  static constexpr unsigned kMostIdle = 4096;      // sessions: what is known of a peer between its messages
  static constexpr unsigned kMostHandshakes = 64;  // at a time

  ServerEnd(ServerSettings settings, Posts& posts);
  ~ServerEnd();

  // io: the port is taken, or the address is not ours. invalid: the files of `dtls` cannot be read.
  Status open();
  void close() noexcept;
  int fd() const;
  uint16_t port() const { return port_; }
  // What has happened already; never waits.
  void turn();

  // Of the post that is being taken.
  ReplyPath reply_path() const;
  // Bytes that have been sent; 0: the session is gone.
  uint32_t answer(const ReplyPath& path, uint8_t code);

 private:
  struct Wire;
  Status claim_port();

  const ServerSettings settings_;
  Posts& posts_;
  uint16_t port_ = 0;
  std::unique_ptr<Wire> wire_;
};

}  // namespace ferrule::coap

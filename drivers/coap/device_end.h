// One device: asks it, block by block where an answer or a command is long, and keeps what it tells of observed resources.
//
// One question at a time. The channel's thread only.
#pragma once

#include <map>
#include <span>
#include <vector>

#include "coap/observation.h"
#include "coap/session.h"
#include "core/names.h"
#include "sdk/driver.h"

namespace ferrule::coap {

struct Answer {
  Status status;      // ok: the device answered, with an error code perhaps
  Incoming message;   // with the whole payload
  bool sent = false;  // at least a part of the question left this machine
  uint32_t bytes_out = 0;
  uint32_t bytes_in = 0;
  Duration on_wire{0};
};

// An observed resource.
struct Watch {
  Token token = 0;  // of the last registration
  Observation state;
  Incoming newest;
  MonoTime received_at;
  bool news = false;        // told since the last registration, neither read nor told of
  bool registered = false;  // the device has promised to tell; stays until it is noticed that it does not
  std::vector<TagId> tags;
};

class DeviceEnd final : public SessionEvents {
 public:
  static constexpr size_t kMostPayload = 256 * 1024;  // of a block-wise answer
  static constexpr size_t kMostBlock = 1024;

  DeviceEnd(SessionSettings settings, const ChannelContext& context, Turner& turner);

  // By the deadline + what a name takes. After a timeout or a failure the session is made anew at the next question, so that
  // no late answer can be taken for another's, and a device that has restarted gets a new handshake.
  Answer ask(const Outgoing& question, Deadline deadline);
  // A GET that also registers, or registers again, for notifications.
  Answer ask_watched(const Outgoing& question, Watch& watch, Deadline deadline);

  // The watch of this resource; made where there is none.
  Watch& watch(const std::string& resource) { return watches_[resource]; }
  // The newest state is known without asking.
  bool current(const Watch& watch) const;
  bool watching() const;
  // Tags whose watches have news, or are silent beyond their Max-Age and so must be read to be registered again; each time once.
  void append_news(std::vector<TagId>& tags);

  void close() noexcept;

 private:
  struct Pending {
    Token token = 0;
    Watch* watch = nullptr;
    bool done = false;
    Incoming message;
    Status status;
  };

  bool received(Token token, Incoming&& message) override;
  void lost(Token token, const Status& why) override;
  void broken(const Status& why) override;

  void notified(Watch& watch, Incoming&& message);
  Status exchange(const Outgoing& question, Token token, Watch* watch, Answer& answer, Deadline deadline);
  Status send(const Outgoing& question, Token token, Watch* watch, Answer& answer, Deadline deadline);
  Status send_blocks(Outgoing question, uint8_t size_exponent, Answer& answer, Deadline deadline);
  Status fetch_rest(const Outgoing& question, Answer& answer, Deadline deadline);
  Answer run(const Outgoing& question, Token token, Watch* watch, Deadline deadline);
  Token next_token();

  const ChannelContext& context_;
  Turner& turner_;
  Session session_;
  Pending pending_;
  Token last_token_;
  std::map<std::string, Watch> watches_;  // by resource
};

}  // namespace ferrule::coap

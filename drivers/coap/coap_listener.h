// The gateway's own resources, to which devices POST their readings.
//
// A post is answered when its data is durable: a confirmable one gets an empty acknowledgement at once and 2.04 as a message of
// its own. A repeated message has no second effect; it is answered as the first was. README.md lists the answers.
#pragma once

#include <memory>
#include <unordered_map>

#include "coap/block_bodies.h"
#include "coap/posting_devices.h"
#include "coap/seen_messages.h"
#include "coap/server_end.h"
#include "sdk/listener.h"

namespace ferrule::coap {

class CoapListener final : public Listener, private Posts {
 public:
  static constexpr size_t kMostSeen = 100'000;  // messages that are remembered, the newest: 400/s for their whole lifetime
  static constexpr size_t kMostOwed = 4096;     // answers that wait for their data to be durable

  // `channel` and `context` outlive it.
  static Result<std::unique_ptr<Listener>> build(const ChannelSettings& channel, const ListenerContext& context);
  ~CoapListener() override { close(); }

  Status open(Deadline deadline) override;
  int fd() const override { return server_.fd(); }
  Result<MonoTime> turn() override;
  void settled(uint64_t token, bool durable) override;
  void close() noexcept override;

 private:
  struct Owed {
    ReplyPath path;
    uint64_t message = 0;
    size_t open = 0;  // offers that are not settled
    bool durable = true;
  };

  CoapListener(ServerSettings settings, std::unique_ptr<PostingDevices> devices, const ListenerContext& context);

  uint8_t posted(const Post& post) override;
  void astray() override;
  void answer_lost() override;
  void stranger() override;

  uint8_t take(const Post& post, uint64_t message, MonoTime now);
  uint8_t offer(PostingDevices::Reading&& reading, uint64_t message);

  const ListenerContext& context_;
  std::unique_ptr<PostingDevices> devices_;
  ServerEnd server_;
  SeenMessages seen_{kMostSeen};
  BlockBodies bodies_;
  std::unordered_map<uint64_t, Owed> owed_;  // by token
  uint64_t last_token_ = 0;
  uint64_t messages_ = 0, bytes_in_ = 0, bytes_out_ = 0;
};

}  // namespace ferrule::coap

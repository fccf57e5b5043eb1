// The event loop that everything of the server shares, and the way into it from other threads.
#pragma once

#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <memory>
#include <mutex>
#include <utility>

#include "rest/counters.h"
#include "rest/gateway_api.h"
#include "rest/guard.h"
#include "rest/limits.h"

namespace ferrule {

namespace asio = boost::asio;
using StreamSocket = asio::generic::stream_protocol::socket;  // TCP and Unix alike

// Callbacks of the gateway come on any thread and may come after the server is gone: they hold this, not the loop.
class Mailbox {
 public:
  explicit Mailbox(asio::io_context& io) : io_(&io) {}

  // Runs `work` on the loop, or drops it once closed. Any thread.
  template <class Work>
  void post(Work&& work) {
    const std::lock_guard guard(lock_);
    if (io_ != nullptr) asio::post(*io_, std::forward<Work>(work));
  }
  void close() {
    const std::lock_guard guard(lock_);
    io_ = nullptr;
  }

 private:
  std::mutex lock_;
  asio::io_context* io_;
};

// One thread runs `io`; sessions touch the rest on that thread only. `io` goes first, and with it every session.
struct RestLoop {
  RestLoop(GatewayApi& gateway, Guard who, const RestTimes& given) : api(gateway), guard(std::move(who)), times(given) {}

  GatewayApi& api;
  Guard guard;
  const RestTimes times;
  RestCounters counters;
  asio::io_context io{1};
  std::shared_ptr<Mailbox> mailbox = std::make_shared<Mailbox>(io);
};

// Counts something for as long as it lives: `connections` while a session does, say.
class Held {
 public:
  explicit Held(uint64_t& count, uint64_t amount = 1) : count_(&count), amount_(amount) { *count_ += amount_; }
  Held(Held&& other) noexcept : count_(std::exchange(other.count_, nullptr)), amount_(other.amount_) {}
  Held& operator=(Held&&) = delete;
  ~Held() {
    if (count_ != nullptr) *count_ -= amount_;
  }

 private:
  uint64_t* count_;
  uint64_t amount_;
};

}  // namespace ferrule

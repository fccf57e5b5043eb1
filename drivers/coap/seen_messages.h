// Which messages have been taken, so that a repeated one has no second effect (RFC 7252, 4.5). Pure; times come in.
#pragma once

#include <cstdint>
#include <list>
#include <optional>
#include <unordered_map>

#include "core/clock.h"

namespace ferrule::coap {

// A message is the same when it comes from the same peer with the same message id, token and payload: a device that restarts and
// counts from 1 again is heard, as long as it says something else.
class SeenMessages {
 public:
  // EXCHANGE_LIFETIME with the RFC's own times: so long may a copy be on its way.
  static constexpr Duration kLifetime = std::chrono::seconds(247);

  explicit SeenMessages(size_t most) : most_(most) {}

  // What a message was answered with: 0, not yet. Nothing: it is new, and is kept from now on; the oldest gives way.
  std::optional<uint8_t> seen(uint64_t message, MonoTime now) {
    while (!order_.empty() && now - order_.front().at >= kLifetime) forget(order_.front().message);
    if (const auto found = seen_.find(message); found != seen_.end()) return found->second.code;
    if (order_.size() >= most_) forget(order_.front().message);
    seen_.emplace(message, Seen{0, order_.insert(order_.end(), {message, now})});
    return std::nullopt;
  }
  void answered(uint64_t message, uint8_t code) {
    if (const auto found = seen_.find(message); found != seen_.end()) found->second.code = code;
  }
  // It had no effect and may come again.
  void forget(uint64_t message) {
    const auto found = seen_.find(message);
    if (found == seen_.end()) return;
    order_.erase(found->second.place);
    seen_.erase(found);
  }
  size_t size() const { return seen_.size(); }

 private:
  struct Entry {
    uint64_t message;
    MonoTime at;
  };
  struct Seen {
    uint8_t code = 0;
    std::list<Entry>::iterator place;
  };
  const size_t most_;
  std::unordered_map<uint64_t, Seen> seen_;
  std::list<Entry> order_;  // oldest first
};

}  // namespace ferrule::coap

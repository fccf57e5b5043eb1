// Which messages have been taken, so that a repeated one has no second effect (RFC 7252, 4.5). Pure; times come in.
#pragma once

#include <cstdint>
#include <deque>
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
    while (!order_.empty() && (order_.size() >= most_ || now - order_.front().at >= kLifetime)) {
      codes_.erase(order_.front().message);
      order_.pop_front();
    }
    const auto [found, fresh] = codes_.try_emplace(message, uint8_t{0});
    if (!fresh) return found->second;
    order_.push_back({message, now});
    return std::nullopt;
  }
  void answered(uint64_t message, uint8_t code) {
    if (const auto found = codes_.find(message); found != codes_.end()) found->second = code;
  }
  // It had no effect and may come again.
  void forget(uint64_t message) { codes_.erase(message); }
  size_t size() const { return codes_.size(); }

 private:
  struct Entry {
    uint64_t message;
    MonoTime at;
  };
  const size_t most_;
  std::unordered_map<uint64_t, uint8_t> codes_;
  std::deque<Entry> order_;
};

}  // namespace ferrule::coap
